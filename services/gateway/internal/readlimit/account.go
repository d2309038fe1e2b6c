// Package readlimit limits what a gateway reads of the log for clients: an Account pays for it in messages of the address, a Pool shares concurrent
// readers among addresses, and Turns have one reader after the other read.
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
	// RecordsPerMessage is how many records that are read, matching or not, cost as much as a message of the client.
	RecordsPerMessage = 500
	// LookUpCost is what looking up offsets in a topic costs, in records: a message.
	LookUpCost = RecordsPerMessage
	// FindStartCost is what finding the start of a subscription in the past costs, by its processor time.
	FindStartCost = 25 * RecordsPerMessage
	// StartReadingCost is likewise what starting to read from there costs, or for a client that is behind, however little is read.
	StartReadingCost = 40 * RecordsPerMessage
	// lookUpsPerMessage is how many look-ups of offsets cost a message if there are many.
	lookUpsPerMessage = 8
	// burstShare is the part of the burst that reading does not use: half, so that a client that reads much can still send messages.
	burstShare = 2
)

// ErrExceeded is returned if a read cannot be paid for in time.
var ErrExceeded = errors.New("this address has reached its limit of reading the log")

// Account pays for reading; all clients of an address share one. A nil Account, and the zero value, pay nothing.
type Account struct {
	messages *rate.Limiter // of the address
	wider    *Account      // of the wider network of the address; nil if there is none
	paying   chan struct{} // has an element while a caller pays: they pay one after the other
	metrics  *Metrics
}

// NewAccount makes an account that pays with messages of a limiter. The wider network pays as much, unless it is nil.
func NewAccount(messages *rate.Limiter, wider *Account, metrics *Metrics) *Account {
	return &Account{messages: messages, wider: wider, paying: make(chan struct{}, 1), metrics: metrics}
}

// Site is the account of the widest network of the address: a client with many addresses must not have many turns.
func (a *Account) Site() *Account {
	for a != nil && a.wider != nil {
		a = a.wider
	}
	return a
}

// Pay pays for records before they are read. It waits until the address has enough messages left, beside half of its burst. The error is
// ErrExceeded, joined with the context's, if ctx ends first; a part may be paid then.
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
	left := int(min((records+RecordsPerMessage-1)/RecordsPerMessage, math.MaxInt32))
	for left > 0 {
		piece := min(left, max(1, a.messages.Burst()/burstShare))
		if err := a.take(ctx, piece); err != nil {
			return err
		}
		left -= piece
	}
	return a.wider.Pay(ctx, records)
}

// PayLookUps pays for look-ups of offsets before they are made. The error is that of Pay.
func (a *Account) PayLookUps(ctx context.Context, count int) error {
	return a.Pay(ctx, LookUpCost*int64((count+lookUpsPerMessage-1)/lookUpsPerMessage))
}

// take waits for messages, at most those of a burst that reading may use.
func (a *Account) take(ctx context.Context, messages int) error {
	waited := false
	for {
		now := time.Now()
		missing := float64(messages+a.messages.Burst()/burstShare) - a.messages.TokensAt(now)
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

// NewMetrics registers the metrics.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	m := &Metrics{
		charged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_charged_records_total",
			Help: "Records of the log that addresses of clients paid for, including look-ups.",
		}),
		delayed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_delayed_reads_total",
			Help: "Times that reading the log waited because of the limit of the client's address.",
		}),
	}
	registerer.MustRegister(m.charged, m.delayed)
	return m
}
