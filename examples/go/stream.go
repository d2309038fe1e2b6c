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

// stream is a subscription that resumes after the last result whenever it was interrupted.
type stream struct {
	query  url.Values
	cursor string // of the last message
	take   func(result json.RawMessage) error
	save   func(cursor string) error // the cursor after all results so far
	pause  time.Duration             // before the next attempt
}

var errRefused = errors.New("refused")

// follow takes results until the gateway refuses permanently.
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

// read reads one response to its end. The cursor goes in Last-Event-ID: if it has expired, the gateway says so and starts over.
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
		if err == nil && len(line) > 1 { // an empty line is a heartbeat
			err = s.handle(line)
		}
		if err != nil {
			return err
		}
	}
}

// handle takes ["event",payload] or ["event",payload,"cursor"].
func (s *stream) handle(line []byte) error {
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
	case "atlas_cursor": // nothing has matched for a while
		if err := json.Unmarshal(payload, &cursor); err != nil {
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
	return s.save(cursor)
}

// refused distinguishes temporary refusals, with the time to retry, from permanent ones.
func (s *stream) refused(response *http.Response, words []byte) error {
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		s.pause = time.Duration(seconds) * time.Second
	} else if response.StatusCode < http.StatusInternalServerError {
		return fmt.Errorf("%w: %s", errRefused, words)
	}
	return fmt.Errorf("%s: %s", response.Status, words)
}
