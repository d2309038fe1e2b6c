package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// concurrentQueries is how many requests to the read API run at a time.
const concurrentQueries = 4

// answers counts the requests within the window that were answered, and those that were not.
type answers struct{ given, refused atomic.Int64 }

// querying requests the most expensive answers of the read API in turn. Each volume is of another time, as the gateway caches them.
func querying(_ context.Context, address string) (*sender, error) {
	client := &http.Client{Transport: &http.Transport{DialContext: source.DialContext, MaxIdleConnsPerHost: concurrentQueries}}
	slots := make(chan struct{}, concurrentQueries)
	var waiting sync.WaitGroup
	next := 0
	s := newSender()
	s.answers = new(answers)
	s.send = func(ctx context.Context) error {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		path := queryPath(next)
		next++
		waiting.Go(func() {
			defer func() { <-slots }()
			s.countAnswer(fetch(ctx, client, "http://"+address+path))
		})
		return nil
	}
	s.finish = func() { waiting.Wait(); client.CloseIdleConnections() }
	return s, nil
}

func queryPath(number int) string {
	from := time.Now().Add(-time.Hour - time.Duration(number)*time.Second).Unix()
	paths := []string{
		fmt.Sprintf("/api/volume?msm=%d&from=%d", measurement, from), "/api/outages?watch=NL,DE,AS3320", "/api/connections?step=60", "/api/probes",
		fmt.Sprintf("/api/volume?stream=probestatus&from=%d", from), "/api/measurements?q=no+such+words", "/api/outages", "/api/measurements?source=log",
	}
	return paths[number%len(paths)]
}

// fetch returns the status of an answer that was read to its end.
func fetch(ctx context.Context, client *http.Client, url string) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// countAnswer counts a request that fails as refused, unless the end of the window stopped it.
func (s *sender) countAnswer(status int, err error) {
	switch {
	case !isWithin(s.window):
	case err == nil && status == http.StatusOK:
		s.answers.given.Add(1)
	default:
		s.answers.refused.Add(1)
	}
}
