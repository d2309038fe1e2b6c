package simulator

import (
	"context"
	"fmt"
	"time"
)

const (
	tick     = 20 * time.Millisecond // live events wait for the next tick, so that they are published together
	maxBatch = 1000                  // events
)

// Run publishes what the network delivers at from and after, until ctx ends or publish fails, and returns the reason. What the clock has left behind, be
// it history or the time of a stall, goes out as fast as publish takes it; what follows goes out when it is delivered. A batch holds 1 to 1000 events in
// the order of event time; the slice is publish's during the call only, the events' JSON for good.
func (n *Network) Run(ctx context.Context, from time.Time, publish func(batch []Event) error) error {
	p := pacer{publish: publish, now: time.Now(), batch: make([]Event, 0, maxBatch)}
	for event := range n.Events(from.Add(-DeliveryDelay)) {
		if err := p.take(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// pacer holds events that are due until there is a batch, or no more of them are due.
type pacer struct {
	publish func(batch []Event) error
	now     time.Time // when the clock was last read
	batch   []Event
}

func (p *pacer) take(ctx context.Context, event Event) error {
	delivered := event.Time.Add(DeliveryDelay)
	full := len(p.batch) == maxBatch
	if full || delivered.After(p.now) {
		if err := p.flush(ctx); err != nil {
			return err
		}
	}
	if err := p.await(ctx, delivered); err != nil {
		return err
	}
	p.batch = append(p.batch, event)
	return nil
}

func (p *pacer) flush(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(p.batch) > 0 {
		if err := p.publish(p.batch); err != nil {
			return fmt.Errorf("publish %d simulated events: %w", len(p.batch), err)
		}
		p.batch = p.batch[:0]
	}
	p.now = time.Now()
	return nil
}

// await returns at the first tick at which an event that is delivered then is due. Ticks stand on the clock, so that waiting never adds up to a drift.
func (p *pacer) await(ctx context.Context, delivered time.Time) error {
	if !delivered.After(p.now) {
		return nil
	}
	due := delivered.Truncate(tick).Add(tick)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(due.Sub(p.now)):
	}
	p.now = time.Now()
	return nil
}
