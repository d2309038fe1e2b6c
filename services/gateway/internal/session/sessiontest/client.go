package sessiontest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

// TextEncoding separates the name, the payload and the cursor of an event by spaces.
type TextEncoding struct{}

// Event implements encode.Encoding.
func (TextEncoding) Event(name string, payload []byte) *wsframe.Message {
	return wsframe.Text(fmt.Appendf(nil, "%s %s", name, payload))
}

// EventAt implements encode.Encoding.
func (TextEncoding) EventAt(name string, payload []byte, cursor string) *wsframe.Message {
	return wsframe.Text(fmt.Appendf(nil, "%s %s %s", name, payload, cursor))
}

// Cursor implements encode.Encoding.
func (TextEncoding) Cursor(cursor string) *wsframe.Message {
	return wsframe.Text([]byte("atlas_cursor " + cursor))
}

// ReplayEndEncoding is the TextEncoding of clients that have an event for the end of a replay.
type ReplayEndEncoding struct{ TextEncoding }

// ReplayFinished gives the event's name.
func (ReplayEndEncoding) ReplayFinished() string { return "finished" }

// ConfirmationCursorEncoding is the TextEncoding of clients whose confirmations have a cursor.
type ConfirmationCursorEncoding struct{ TextEncoding }

// EventAtStart encodes a confirmation.
func (e ConfirmationCursorEncoding) EventAtStart(name string, payload []byte, cursor string) *wsframe.Message {
	return e.EventAt(name, payload, cursor)
}

// RecordingClient keeps the messages that it gets.
type RecordingClient struct {
	Encoder encode.Encoding // TextEncoding if it is nil
	Limit   int             // of messages, beyond which it is full; 0 for none
	Closed  bool

	room *room // nil for a client that is always writable

	mu        sync.Mutex
	messages  []string
	written   int // of messages
	flushes   int
	overflows int
}

// Encoding implements delivery.Client.
func (c *RecordingClient) Encoding() encode.Encoding {
	if c.Encoder == nil {
		return TextEncoding{}
	}
	return c.Encoder
}

// Complaint implements delivery.Client.
func (c *RecordingClient) Complaint(refusal *protocol.Error) *wsframe.Message {
	return encode.ErrorMessage(TextEncoding{}, refusal)
}

// BeginCursors implements delivery.Client.
func (c *RecordingClient) BeginCursors() bool { return false }

// EnqueueControl implements delivery.Client.
func (c *RecordingClient) EnqueueControl(message *wsframe.Message) error { return c.Enqueue(message) }

// Enqueue implements delivery.Client.
func (c *RecordingClient) Enqueue(message *wsframe.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Closed {
		return sendqueue.ErrClosed
	}
	if c.Limit > 0 && len(c.messages) >= c.Limit {
		return sendqueue.ErrFull
	}
	c.messages = append(c.messages, string(message.Payload()))
	return nil
}

// Flush implements delivery.Client.
func (c *RecordingClient) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flushes++
	c.written = len(c.messages)
}

// Writable implements delivery.Client.
func (c *RecordingClient) Writable() (<-chan struct{}, error) {
	if c.room == nil || c.room.records.Add(-1) >= 0 {
		return nil, nil
	}
	select {
	case <-c.room.unblocked:
		return nil, nil
	default:
		return c.room.unblocked, nil
	}
}

// room is how many records a client takes before it is not writable, until it is unblocked.
type room struct {
	records   atomic.Int64
	unblocked chan struct{}
}

// NewBlockedClient makes a client that is writable for so many records only, until it is unblocked.
func NewBlockedClient(records int64) *RecordingClient {
	c := &RecordingClient{room: &room{unblocked: make(chan struct{})}}
	c.room.records.Store(records)
	return c
}

// Unblock makes a blocked client writable.
func (c *RecordingClient) Unblock() { close(c.room.unblocked) }

// Overflow implements delivery.Client.
func (c *RecordingClient) Overflow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.overflows++
}

// Messages are those that are enqueued, of which so many have been written.
func (c *RecordingClient) Messages() (messages []string, written int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.messages), c.written
}

// Flushes is how often the messages have been written.
func (c *RecordingClient) Flushes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flushes
}

// Take gives the messages, which must all have been written, and forgets them.
func (c *RecordingClient) Take(t testing.TB) []string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.written != len(c.messages) {
		t.Errorf("%d messages are enqueued and not written: %q", len(c.messages)-c.written, c.messages[c.written:])
	}
	messages := c.messages
	c.messages, c.written = nil, 0
	return messages
}

// Expect takes the messages, and expects these.
func (c *RecordingClient) Expect(t testing.TB, want ...string) {
	t.Helper()
	if got := c.Take(t); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// ExpectOverflows expects the client to have been told so often that it cannot keep up.
func (c *RecordingClient) ExpectOverflows(t testing.TB, want int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.overflows != want {
		t.Errorf("the client was told %d times that it cannot keep up, want %d", c.overflows, want)
	}
}

// DiscardingClient takes every message and keeps none.
type DiscardingClient struct {
	Encoder        encode.Encoding // TextEncoding if it is nil
	SessionCursors bool            // its cursors are those of all its subscriptions, so each of its messages is encoded for it alone
}

// Encoding implements delivery.Client.
func (c *DiscardingClient) Encoding() encode.Encoding {
	if c.Encoder == nil {
		return TextEncoding{}
	}
	return c.Encoder
}

// Enqueue implements delivery.Client.
func (*DiscardingClient) Enqueue(*wsframe.Message) error { return nil }

// EnqueueControl implements delivery.Client.
func (*DiscardingClient) EnqueueControl(*wsframe.Message) error { return nil }

// Flush implements delivery.Client.
func (*DiscardingClient) Flush() {}

// Overflow implements delivery.Client.
func (*DiscardingClient) Overflow() {}

// Writable implements delivery.Client.
func (*DiscardingClient) Writable() (<-chan struct{}, error) { return nil, nil }

// BeginCursors implements delivery.Client.
func (c *DiscardingClient) BeginCursors() bool { return c.SessionCursors }

// Complaint implements delivery.Client.
func (*DiscardingClient) Complaint(refusal *protocol.Error) *wsframe.Message {
	return encode.ErrorMessage(TextEncoding{}, refusal)
}
