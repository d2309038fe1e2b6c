package connection

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"atlasstream/services/e2e/internal/sample"
)

// MustOpen opens a connection, which is closed when the test ends.
func MustOpen(t *testing.T, transport Transport, options Options) *Connection {
	t.Helper()
	opened, err := transport.Open(t.Context(), options)
	if err != nil {
		t.Fatalf("%s: %v", transport.Name, err)
	}
	t.Cleanup(opened.Close)
	return opened
}

// MustSubscribe opens a connection, subscribes and waits for the confirmation.
func MustSubscribe(t *testing.T, transport Transport, options Options) *Connection {
	t.Helper()
	conn := MustOpen(t, transport, options)
	if err := conn.Subscribe(string(options.Parameters)); err != nil {
		t.Fatalf("%s, %s: %v", transport.Name, options.Parameters, err)
	}
	return conn
}

// MustExpect is Expect, and fails the test if that fails.
func (c *Connection) MustExpect(t *testing.T, want string) Message {
	t.Helper()
	msg, err := c.Expect(want)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// ExpectRefusal subscribes where that must be refused, and returns the error's text. The status of a transport other than HTTP is 400.
func ExpectRefusal(t *testing.T, transport Transport, options Options) (status int, text string) {
	t.Helper()
	conn, err := transport.Open(t.Context(), options)
	if answer, is := errors.AsType[*RefusedError](err); is {
		msg, err := parseMessage([]byte(answer.Body))
		if err != nil {
			t.Fatal(err)
		}
		return answer.Status, ErrorText(t, msg)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if transport.SubscribesByURL {
		t.Fatalf("%s: %s was accepted", transport.Name, options.Parameters)
	}
	if err := conn.Send("atlas_subscribe", options.Parameters); err != nil {
		t.Fatal(err)
	}
	msg, err := conn.Receive()
	if err != nil {
		t.Fatal(err)
	}
	return http.StatusBadRequest, ErrorText(t, msg)
}

// ErrorText returns the text of an atlas_error.
func ErrorText(t *testing.T, msg Message) (text string) {
	t.Helper()
	if err := json.Unmarshal(msg.Payload, &text); err != nil || msg.Event != "atlas_error" {
		t.Fatalf("received %s, want an error", msg)
	}
	return text
}

// ResumeAfter are the options of a client of measurement 1001 that resumes after a cursor.
func ResumeAfter(gateway, cursor string) Options {
	return Options{Gateway: gateway, Parameters: sample.JSON(map[string]any{"msm": 1001, "cursor": cursor})}
}

// ErrUnexpected is the error of a message that is not the one that was expected.
var ErrUnexpected = errors.New("an unexpected message")

// Expect receives a message that begins with want, written as an array of JSON.
func (c *Connection) Expect(want string) (Message, error) {
	msg, err := c.Receive()
	if err != nil {
		return Message{}, fmt.Errorf("%w, want %s", err, want)
	}
	if !msg.HasPrefix(want) {
		return Message{}, fmt.Errorf("%w: received %s, want %s", ErrUnexpected, msg, want)
	}
	return msg, nil
}

// Subscribe subscribes, unless the URL has done so, and waits for the confirmation, which must be the next message.
func (c *Connection) Subscribe(parameters string) error {
	if c.Send != nil {
		if err := c.Send("atlas_subscribe", json.RawMessage(parameters)); err != nil {
			return err
		}
	}
	_, err := c.Expect(`["atlas_subscribed",`)
	return err
}
