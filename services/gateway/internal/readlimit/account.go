package readlimit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

const (
	// RecordsOfMessage is how many records of the log, wanted or not, cost as much as a message of the client.
	RecordsOfMessage = 500
	// LookUp is what looking up offsets in a topic costs, in records: a message.
	LookUp = RecordsOfMessage
	// FindStart is what it costs to find where a subscription begins that begins in the past: as much processor time as so many messages take.
	FindStart = 25 * RecordsOfMessage
	// StartReading is likewise what it costs to begin to read from there, or for a client that is behind, however little is read then.
	StartReading = 40 * RecordsOfMessage
	// lookUpsOfMessage is how many offsets are looked up for one, where there are many.
	lookUpsOfMessage = 8
	// share is the part of a burst of messages that reading leaves, so that whoever reads much can still say something.
	share = 2
)

// ErrExceeded says that what was to be read could not be paid for in time.
var ErrExceeded = errors.New("this address has had as much of the log read as it may")

// Account is whom reading is charged to: all clients of an address have the same one. A nil Account, and the zero one, pay nothing.
type Account struct {
	messages *rate.Limiter // of the address
	wider    *Account      // of the network that the address is counted in as well; nil if there is none
	paying   chan struct{} // holds something while somebody pays, as they do in turn
	metrics  *Metrics
}

// NewAccount makes an account that pays with messages of a limiter, and has the wider network pay as much, unless that is nil.
func NewAccount(messages *rate.Limiter, wider *Account, metrics *Metrics) *Account {
	return &Account{messages: messages, wider: wider, paying: make(chan struct{}, 1), metrics: metrics}
}

// Site is the account of the widest network that the address is counted in: who has many addresses shall not have many turns.
func (a *Account) Site() *Account {
	for a != nil && a.wider != nil {
		a = a.wider
	}
	return a
}

// Pay charges the reading of so many records before they are read. It waits until the address has so many messages left beside half of a burst. The error is
// ErrExceeded, with that of the context, if it ends first; a part may have been paid then.
func (a *Account) Pay(ctx context.Context, records int64) error {
	if a == nil || a.messages == nil || records <= 0 {
		return nil
	}
	select {
	case a.paying <- struct{}{}:
		defer func() { <-a.paying }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrExceeded, ctx.Err())
	}
	if a.wider == nil {
		a.metrics.charged.Add(float64(records))
	}
	left := int(min((records+RecordsOfMessage-1)/RecordsOfMessage, math.MaxInt32))
	for left > 0 {
		piece := min(left, max(1, a.messages.Burst()/share))
		if err := a.take(ctx, piece); err != nil {
			return err
		}
		left -= piece
	}
	return a.wider.Pay(ctx, records)
}

// PayLookUps charges so many look-ups of offsets before they are made. The error is that of Pay.
func (a *Account) PayLookUps(ctx context.Context, count int) error {
	return a.Pay(ctx, LookUp*int64((count+lookUpsOfMessage-1)/lookUpsOfMessage))
}

// take waits for some messages, which are no more than what reading leaves.
func (a *Account) take(ctx context.Context, messages int) error {
	waited := false
	for {
		now := time.Now()
		missing := float64(messages+a.messages.Burst()/share) - a.messages.TokensAt(now)
		if missing <= 0 && a.messages.AllowN(now, messages) {
			return nil
		}
		if !waited {
			waited = true
			a.metrics.delayed.Inc()
		}
		seconds := min(max(missing, 1)/float64(a.messages.Limit()), time.Hour.Seconds())
		if err := wait(ctx, time.Duration(seconds*float64(time.Second))); err != nil {
			return fmt.Errorf("%w: %w", ErrExceeded, err)
		}
	}
}

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Metrics count what accounts pay for.
type Metrics struct{ charged, delayed prometheus.Counter }

// NewMetrics registers them.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	m := &Metrics{
		charged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_charged_records_total",
			Help: "Records of the log whose reading was charged to the addresses of clients, look-ups included.",
		}),
		delayed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_delayed_reads_total",
			Help: "Times that reading the log waited, as the address of the client had read as much as it may.",
		}),
	}
	registerer.MustRegister(m.charged, m.delayed)
	return m
}
