package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

// stream is a subscription that goes on, behind the last result, whenever it was interrupted.
type stream struct {
	query  url.Values
	cursor string // of the last message
	take   func(result json.RawMessage) error
	keep   func(cursor string) error // which stands behind all results that were taken
	pause  time.Duration             // before the next try
}

var errRefused = errors.New("refused")

// follow takes results for as long as the gateway does not refuse for good.
func (s *stream) follow() error {
	for s.pause = time.Second; ; s.pause = min(2*s.pause, time.Minute) {
		err := s.read()
		if errors.Is(err, errRefused) {
			return err
		}
		fmt.Fprintln(os.Stderr, err)
		<-time.After(s.pause)
	}
}

// read reads one answer to its end. The cursor goes in Last-Event-ID: where that place is gone, the gateway says so and begins anew.
func (s *stream) read() error {
	address := cmp.Or(os.Getenv("GATEWAY"), "http://localhost:8080") + "/stream/?" + s.query.Encode()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Last-Event-ID", s.cursor)
	if token := os.Getenv("TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	for lines := bufio.NewReader(response.Body); ; {
		line, err := lines.ReadBytes('\n')
		if response.StatusCode != http.StatusOK {
			return s.refused(response, line)
		}
		if err == nil && len(line) > 1 { // an empty line says that the gateway is there
			err = s.hear(line)
		}
		if err != nil {
			return err
		}
	}
}

// hear is told ["event",payload] or ["event",payload,"cursor"].
func (s *stream) hear(line []byte) error {
	var event, cursor string
	var payload json.RawMessage
	if err := json.Unmarshal(line, &[]any{&event, &payload, &cursor}); err != nil {
		return err
	}
	switch event {
	case "atlas_subscribed":
		fmt.Fprintln(os.Stderr, "live")
		s.pause = time.Second
	case "atlas_result":
		if err := s.take(payload); err != nil {
			return err
		}
	case "atlas_error": // such as [gap] and [cursor_gone], which say what is missing
		fmt.Fprintf(os.Stderr, "%s\n", payload)
	case "atlas_unsubscribed":
		return fmt.Errorf("%w: the measurement has stopped", errRefused)
	}
	if cursor == "" {
		return nil
	}
	s.cursor = cursor
	return s.keep(cursor)
}

// refused tells what is over soon, and when, from what is wrong.
func (s *stream) refused(response *http.Response, words []byte) error {
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		s.pause = time.Duration(seconds) * time.Second
	} else if response.StatusCode < http.StatusInternalServerError {
		return fmt.Errorf("%w: %s", errRefused, words)
	}
	return fmt.Errorf("%s: %s", response.Status, words)
}
