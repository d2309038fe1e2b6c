// Package talk is what the benchmark's processes tell each other: JSON, one message a line, on their standard input and output.
package talk

import (
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"
)

// Window is the time that is measured, in microseconds since 1970; To does not belong to it. It is told before it begins.
type Window struct{ From, To int64 }

// Holds tells whether a moment is in the window.
func (w *Window) Holds(micros int64) bool { return w != nil && w.From <= micros && micros < w.To }

// End is when the window ends.
func (w *Window) End() time.Time { return time.UnixMicro(w.To) }

// Progress is how far a process has come: how many clients are subscribed, or have received something; or that load flows.
type Progress struct{ Count int }

// Expected is how many deliveries there must be of what was sent within the window.
type Expected struct{ Deliveries int }

// Load is what a producer, a writer or a poster has sent.
type Load struct {
	Records int           // within the window
	Failed  int           // that Kafka or the collector did not take
	Late    time.Duration // by which the latest tick came
	P99     time.Duration // until Kafka or the collector had acknowledged a piece of load
}

// Received is what the clients got.
type Received struct {
	Arrived    int           // within the window
	Deliveries int           // of what was sent within the window, whenever they arrived
	P50, P99   time.Duration // from sending to arrival, of those deliveries
	Lost       int           // connections that ended early
}

// Attacked is what an attacker has done within the window.
type Attacked struct {
	Messages int // that it has sent; or bodies, or answers that it got
	Refused  int // answers that were none
}

// Played is what reading or playing the past took.
type Played struct {
	Records int
	CPU     time.Duration   // of the process
	Held    int64           // bytes of heap in use while the playbacks wait, over those before
	Late    []time.Duration // by which each record came later than it was due
}

// Conversation is a process's talk with its parent.
type Conversation struct {
	mu  sync.Mutex
	out *json.Encoder
	in  *json.Decoder
}

// WithParent talks on the standard input and output.
func WithParent() *Conversation { return With(os.Stdin, os.Stdout) }

// With talks on the given streams.
func With(in io.Reader, out io.Writer) *Conversation {
	return &Conversation{out: json.NewEncoder(out), in: json.NewDecoder(in)}
}

// Tell sends a message. It is safe for concurrent use.
func (c *Conversation) Tell(message any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Encode(message)
}

// Hear waits for a message of a certain type. The error is io.EOF if the other side has ended.
func (c *Conversation) Hear(message any) error { return c.in.Decode(message) }

// AwaitEnd returns when the other side has ended or has nothing more to say.
func (c *Conversation) AwaitEnd() {
	for c.Hear(new(json.RawMessage)) == nil {
	}
}
