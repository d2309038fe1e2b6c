package connection

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"atlasstream/services/e2e/internal/sample"
)

// Request sends a request and returns the body of an answer 200.
func Request(ctx context.Context, client *http.Client, method, address, body string) (answer string, err error) {
	wanted, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := client.Do(wanted)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return string(text), err
}

// openLines opens a plain GET, which answers lines of JSON.
func openLines(ctx context.Context, options Options) (*Connection, error) {
	return openStream(ctx, options, http.Header{}, readLine)
}

// OpenEvents opens Server-Sent Events.
func OpenEvents(ctx context.Context, options Options) (*Connection, error) {
	header := http.Header{"Accept": {"text/event-stream"}}
	if options.LastEventID != "" {
		header.Set("Last-Event-ID", options.LastEventID)
	}
	return openStream(ctx, options, header, readEvent)
}

// openStream opens a GET whose body does not end. An answer that is not 200 is a *RefusedError.
func openStream(ctx context.Context, options Options, header http.Header, read func(*bufio.Reader) (Message, error)) (*Connection, error) {
	query, err := queryOf(options.Parameters)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+options.Gateway+"/stream/?"+query, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	request.Header = header
	transport := &http.Transport{DialContext: dialSmallWindow, DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		cancel()
		return nil, err
	}
	closeBody := func() {
		cancel()
		_ = response.Body.Close()
	}
	if response.StatusCode != http.StatusOK {
		defer closeBody()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}
		return nil, &RefusedError{response.StatusCode, string(body)}
	}
	body := bufio.NewReader(response.Body)
	return &Connection{
		Receive: func() (Message, error) {
			return readWithTimeout(closeBody, func() (Message, error) { return read(body) })
		},
		Close: closeBody,
	}, nil
}

// readLine reads a line with an event, and skips empty lines.
func readLine(body *bufio.Reader) (Message, error) {
	for {
		text, err := body.ReadBytes('\n')
		if err != nil {
			return Message{}, err
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			return parseMessage(text)
		}
	}
}

// readEvent reads one of Server-Sent Events, and skips comments.
func readEvent(body *bufio.Reader) (msg Message, err error) {
	for {
		text, err := body.ReadString('\n')
		if err != nil {
			return Message{}, err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), ": ")
		switch {
		case field == "id":
			msg.Rest = []json.RawMessage{sample.JSON(value)}
		case field == "event":
			msg.Event = value
		case field == "data":
			msg.Payload = json.RawMessage(value)
		case field == "retry": // when an EventSource would reconnect
		case field == "" && msg.Event != "":
			return msg, nil
		case field != "" && !strings.HasPrefix(field, ":"):
			return Message{}, fmt.Errorf("read %q, which is not an event", text)
		}
	}
}

// queryOf writes parameters as a query.
func queryOf(parameters json.RawMessage) (string, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(parameters, &members); err != nil {
		return "", err
	}
	query := url.Values{}
	for name, value := range members {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		query.Set(name, text)
	}
	return query.Encode(), nil
}

// RefusedError is an answer that is not 200.
type RefusedError struct {
	Status int
	Body   string
}

func (r *RefusedError) Error() string {
	return fmt.Sprintf("%d %s: %s", r.Status, http.StatusText(r.Status), r.Body)
}
