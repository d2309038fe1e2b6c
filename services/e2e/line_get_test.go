package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// openLines opens a plain GET.
func openLines(ctx context.Context, a arrival) (*line, error) {
	return openBody(ctx, a, http.Header{}, readLine)
}

// openEvents opens Server-Sent Events.
func openEvents(ctx context.Context, a arrival) (*line, error) {
	header := http.Header{"Accept": {"text/event-stream"}}
	if a.last != "" {
		header.Set("Last-Event-ID", a.last)
	}
	return openBody(ctx, a, header, readEvent)
}

// openBody opens a GET that has no end. What is not 200 is a *refusal.
func openBody(ctx context.Context, a arrival, header http.Header, read func(*bufio.Reader) (message, error)) (*line, error) {
	query, err := queryOf(a.parameters)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.gateway+"/stream/?"+query, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	request.Header = header
	transport := &http.Transport{DialContext: dialSmall, DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		cancel()
		return nil, err
	}
	shut := func() {
		cancel()
		_ = response.Body.Close()
	}
	if response.StatusCode != http.StatusOK {
		defer shut()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}
		return nil, &refusal{response.StatusCode, string(body)}
	}
	body := bufio.NewReader(response.Body)
	return &line{
		hear:  func() (message, error) { return awaiting(shut, func() (message, error) { return read(body) }) },
		close: shut,
	}, nil
}

// readLine reads a line with an event. An empty one says nothing.
func readLine(body *bufio.Reader) (message, error) {
	for {
		text, err := body.ReadBytes('\n')
		if err != nil {
			return message{}, err
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			return parseMessage(text)
		}
	}
}

// readEvent reads one of Server-Sent Events. A comment says nothing.
func readEvent(body *bufio.Reader) (m message, err error) {
	for {
		text, err := body.ReadString('\n')
		if err != nil {
			return message{}, err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), ": ")
		switch {
		case field == "id":
			m.rest = []json.RawMessage{mustJSON(value)}
		case field == "event":
			m.event = value
		case field == "data":
			m.payload = json.RawMessage(value)
		case field == "" && m.event != "":
			return m, nil
		case field != "" && !strings.HasPrefix(field, ":"):
			return message{}, fmt.Errorf("read %q, which is no event", text)
		}
	}
}
