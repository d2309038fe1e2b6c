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

// askedAtOnce is how many answers of the read API are waited for at a time.
const askedAtOnce = 4

// answers counts those that were there within the window, and the questions that got none.
type answers struct{ given, refused atomic.Int64 }

// asking asks for the dearest answers of the read API in turn. Volumes are of another time with each question, as the gateway remembers them.
func asking(_ context.Context, address string) (*sender, error) {
	client := &http.Client{Transport: &http.Transport{DialContext: source.DialContext, MaxIdleConnsPerHost: askedAtOnce}}
	slots := make(chan struct{}, askedAtOnce)
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
		path := question(next)
		next++
		waiting.Go(func() {
			defer func() { <-slots }()
			s.countAnswer(ask(ctx, client, "http://"+address+path))
		})
		return nil
	}
	s.finish = func() { waiting.Wait(); client.CloseIdleConnections() }
	return s, nil
}

func question(number int) string {
	from := time.Now().Add(-time.Hour - time.Duration(number)*time.Second).Unix()
	questions := []string{
		fmt.Sprintf("/api/volume?msm=%d&from=%d", measurement, from), "/api/outages?watch=NL,DE,AS3320", "/api/connections?step=60", "/api/probes",
		fmt.Sprintf("/api/volume?stream=probestatus&from=%d", from), "/api/measurements?q=no+such+words", "/api/outages", "/api/measurements?source=log",
	}
	return questions[number%len(questions)]
}

// ask gives the status of a whole answer.
func ask(ctx context.Context, client *http.Client, url string) (status int, err error) {
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

// countAnswer takes a question that fails for refused, unless it is the end of the window that stops it.
func (s *sender) countAnswer(status int, err error) {
	switch {
	case !isWithin(s.window):
	case err == nil && status == http.StatusOK:
		s.answers.given.Add(1)
	default:
		s.answers.refused.Add(1)
	}
}
