// Package ipc has the messages between the processes of the benchmark: JSON, one message a line, on standard input and output.
package ipc

import (
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"
)

// Window is the time that is measured, in microseconds since 1970; To is exclusive. It is sent before it begins. If To is 0, the end is not known yet: the
// window is sent once more, with its end, before that comes.
type Window struct{ From, To int64 }

// Contains tells whether a time is in the window, in microseconds since 1970.
func (w *Window) Contains(micros int64) bool {
	return w != nil && w.From <= micros && (w.To == 0 || micros < w.To)
}

// End is when the window ends.
func (w *Window) End() time.Time { return time.UnixMicro(w.To) }

// Ready says that a process is ready: how many clients are subscribed, or have received something; or that load flows.
type Ready struct{ Count int }

// Expected is how many deliveries there must be of the load within the window.
type Expected struct{ Deliveries int }

// Load is what a producer, a writer or a poster has sent.
type Load struct {
	Records int           // within the window
	Failed  int           // that Kafka or the collector did not take
	Late    time.Duration // of the latest tick
	P99     time.Duration // until Kafka or the collector acknowledged a piece of load
}

// Received is what the clients received.
type Received struct {
	Arrived    int           // within the window
	Deliveries int           // of what was sent within the window, whenever they arrived
	P50, P99   time.Duration // from sending to arrival, of those deliveries
	Lost       int           // connections that ended early
}

// Attacked is what an attacker has done within the window.
type Attacked struct {
	Messages int // that it sent; or bodies, or answers that it received
	Refused  int // requests without an answer
}

// CaughtUp is what clients received up to the end of their backlogs.
type CaughtUp struct {
	Records int   // of all clients, with those that came in meanwhile
	Missed  []int // of each client, those that were sent before it subscribed
	Took    time.Duration
	Lost    int // connections that ended early
}

// Played is the cost of reading or playing recordings.
type Played struct {
	Records int
	CPU     time.Duration   // of the process
	Held    int64           // bytes of heap in use while the playbacks wait, over those before
	Late    []time.Duration // of each record
}

// Channel is the channel between a process and its parent.
type Channel struct {
	mu  sync.Mutex
	out *json.Encoder
	in  *json.Decoder
}

// Parent is the channel to the parent, on standard input and output.
func Parent() *Channel { return NewChannel(os.Stdin, os.Stdout) }

// NewChannel returns a channel on the given streams.
func NewChannel(in io.Reader, out io.Writer) *Channel {
	return &Channel{out: json.NewEncoder(out), in: json.NewDecoder(in)}
}

// Send sends a message. It is safe for concurrent use.
func (c *Channel) Send(message any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Encode(message)
}

// Receive waits for a message and decodes it. The error is io.EOF if the other side has ended.
func (c *Channel) Receive(message any) error { return c.in.Decode(message) }

// ReceiveWindow waits for a window, and then for its end if that was not known. Note is called with the window, and again with its end.
func (c *Channel) ReceiveWindow(note func(*Window)) error {
	for {
		window := &Window{}
		if err := c.Receive(window); err != nil {
			return err
		}
		note(window)
		if window.To != 0 {
			return nil
		}
	}
}

// AwaitEnd returns once the other side has ended.
func (c *Channel) AwaitEnd() {
	for c.Receive(new(json.RawMessage)) == nil {
	}
}
