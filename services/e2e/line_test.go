package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// line is a connection to a gateway on which nothing is read but when hear is called, and of which nothing is kept: what has not been read waits in the
// gateway, and behind it in Kafka. It is used by one goroutine, but for close.
type line struct {
	say   func(event string, parameters json.RawMessage) error // nil where the address is the subscription
	hear  func() (message, error)
	close func()
	pid   string // by which Socket.IO knows a client that comes back
}

// arrival is how a client comes in.
type arrival struct {
	gateway     string
	parameters  json.RawMessage // of the subscription, where the address has them
	last        string          // ID of the last event, as browsers tell it
	pid, offset string          // of what was, on Socket.IO
}

// message is an event that a client hears. After the payload come further arguments, the cursor among them.
type message struct {
	event   string
	payload json.RawMessage
	rest    []json.RawMessage
}

// cursor is the message's, or empty.
func (m message) cursor() (cursor string) {
	if len(m.rest) > 0 {
		_ = json.Unmarshal(m.rest[0], &cursor) // null is none
	}
	return cursor
}

// begins tells whether the message, as the array that it is, begins so.
func (m message) begins(want string) bool {
	return bytes.HasPrefix(fmt.Appendf(nil, "[%q,%s", m.event, m.payload), []byte(want))
}

func (m message) String() string { return fmt.Sprintf("%s %s %s", m.event, m.payload, m.rest) }

// parseMessage reads the JSON array of an event.
func parseMessage(text []byte) (m message, err error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil || len(parts) == 0 || json.Unmarshal(parts[0], &m.event) != nil {
		return message{}, fmt.Errorf("heard %q: %w", text, err)
	}
	if len(parts) > 1 {
		m.payload, m.rest = parts[1], parts[2:]
	}
	return m, nil
}

// entrance is a door at which cursors are handed out.
type entrance struct {
	name     string
	open     func(context.Context, arrival) (*line, error)
	single   bool // the address is the subscription
	socketIO bool // pid and offset bring back what was
	always   bool // messages have a cursor, be it that none was asked for
}

var entrances = []entrance{
	{name: "WebSocket", open: openWebSocket},
	{name: "GET", open: openLines, single: true},
	{name: "Server-Sent Events", open: openEvents, single: true, always: true},
	{name: "Socket.IO, WebSocket", open: openSocketIO, socketIO: true},
	{name: "Socket.IO, polling", open: openPolling, socketIO: true},
}

// smallWindow is what the kernel keeps for a client that does not read, in bytes: little, so that the gateway soon notices, but several segments of the
// loopback interface, or it would wait for acknowledgements most of the time.
const smallWindow = 256 << 10

// dialSmall connects with a small window.
func dialSmall(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetReadBuffer(smallWindow)
}

// errUnheard is the end of a line on which nothing has come for too long.
var errUnheard = errors.New("nothing was heard")

// awaiting bounds how long read may wait: the line is closed then.
func awaiting[T any](shut func(), read func() (T, error)) (T, error) {
	late := time.AfterFunc(patience, shut)
	got, err := read()
	if !late.Stop() {
		err = errors.Join(errUnheard, err)
	}
	return got, err
}

// queryOf writes parameters as an address has them.
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

// expect hears an event that begins in a certain way, as WebSockets write it.
func (l *line) expect(want string) (message, error) {
	heard, err := l.hear()
	if err != nil {
		return message{}, fmt.Errorf("%w, want %s", err, want)
	}
	if !heard.begins(want) {
		return message{}, fmt.Errorf("heard %s, want %s", heard, want)
	}
	return heard, nil
}

// subscribe says so and waits for the confirmation; nothing else may come before it.
func (l *line) subscribe(parameters string) error {
	if l.say != nil {
		if err := l.say("atlas_subscribe", json.RawMessage(parameters)); err != nil {
			return err
		}
	}
	_, err := l.expect(`["atlas_subscribed",`)
	return err
}

// refusal is the status and the body of an answer that is not 200.
type refusal struct {
	status int
	body   string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%d %s: %s", r.status, http.StatusText(r.status), r.body)
}
