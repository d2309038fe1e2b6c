package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"atlasstream/services/bench/internal/batches"
)

// maxIdle connections are kept for further batches.
const maxIdle = 200

// poster sends batches over HTTP.
type poster struct {
	client *http.Client
	url    string
	token  string
	bodies [][]byte
}

func newPoster(from, address, token string, made [][]batches.Result) *poster {
	client := &http.Client{Transport: &http.Transport{DialContext: dialer(from).DialContext, MaxIdleConnsPerHost: maxIdle}}
	p := &poster{client: client, url: "http://" + address + "/v1/results", token: token, bodies: make([][]byte, len(made))}
	for n, batch := range made {
		for _, result := range batch {
			p.bodies[n] = append(append(p.bodies[n], result.Value...), '\n')
		}
	}
	return p
}

func (p *poster) send(ctx context.Context, n int) error {
	return p.post(ctx, bytes.NewReader(p.bodies[n]))
}

func (p *poster) post(ctx context.Context, body io.Reader) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: got status %s", p.url, response.Status)
	}
	return nil
}
