// Command poster sends batches of results to the collector over HTTP, as newline-delimited JSON.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/batches"
	"atlasstream/services/bench/internal/ipc"
)

type settings struct {
	batches.Settings
	Address string `help:"host:port of the collector." required:""`
}

// Run posts until the parent's window is over.
func (s *settings) Run(ctx context.Context) error {
	made, err := s.Make()
	if err != nil {
		return err
	}
	bodies := make([][]byte, len(made))
	for n, batch := range made {
		for _, result := range batch {
			bodies[n] = append(append(bodies[n], result.Value...), '\n')
		}
	}
	url := "http://" + s.Address + "/v1/results"
	return s.Settings.Run(ctx, ipc.Parent(), func(ctx context.Context, n int) error { return post(ctx, url, bodies[n]) })
}

func post(ctx context.Context, url string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: got status %s", url, response.Status)
	}
	return nil
}

func main() {
	service.Main("poster", "Posts batches of results to the collector.", &settings{})
}
