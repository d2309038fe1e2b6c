package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// askedAtOnce is how many answers of the read API are waited for at a time.
const askedAtOnce = 4

// asking asks for the dearest answers of the read API in turn. Each is another question than those before, so that none is remembered.
func asking(_ context.Context, address string) (*sender, error) {
	client := &http.Client{Transport: &http.Transport{DialContext: source.DialContext, MaxIdleConnsPerHost: askedAtOnce}}
	slots := make(chan struct{}, askedAtOnce)
	var waiting sync.WaitGroup
	next := 0
	s := newSender()
	s.send = func(ctx context.Context) error {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		path := question(next)
		next++
		waiting.Go(func() {
			defer func() { <-slots }()
			ask(ctx, client, "http://"+address+path)
		})
		return nil
	}
	s.finish = func() { waiting.Wait(); client.CloseIdleConnections() }
	return s, nil
}

// question is another one each time.
func question(number int) string {
	from := time.Now().Add(-time.Hour - time.Duration(number)*time.Second).Unix()
	questions := []string{
		fmt.Sprintf("/api/volume?msm=%d&from=%d", measurement, from), "/api/outages?watch=NL,DE,AS3320", "/api/connections?step=60", "/api/probes",
		fmt.Sprintf("/api/volume?stream=probestatus&from=%d", from), "/api/measurements?q=no+such+words", "/api/outages", "/api/measurements?source=log",
	}
	return questions[number%len(questions)]
}

// ask takes any answer: a refusal is one too.
func ask(ctx context.Context, client *http.Client, url string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	response, err := client.Do(request)
	if err != nil {
		return // the window is over
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body) // the window may be over
}
