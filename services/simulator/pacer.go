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

// Run publishes what the network delivers from a time on, until ctx ends or publish fails, and returns the reason. Overdue events, of the past or of a stall,
// are published as fast as publish takes them, others when they are due. A batch has 1 to 1000 events in the order of event time. The slice belongs to publish
// during the call only, the JSON of the events for good.
func (n *Network) Run(ctx context.Context, from time.Time, publish func(batch []Event) error) error {
	p := pacer{publish: publish, now: time.Now(), batch: make([]Event, 0, maxBatch)}
	for event := range n.Events(from.Add(-DeliveryDelay)) {
		if err := p.take(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// pacer collects due events until a batch is full or no more are due.
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

// await returns at the first tick at which an event is due. Ticks follow the clock, so that waiting does not add up to a drift.
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
