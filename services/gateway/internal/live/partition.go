package live

import (
	"sync"

	"atlasstream/services/gateway/internal/backpressure"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/overload"
	"atlasstream/services/gateway/internal/position"
	"atlasstream/services/gateway/internal/subscription"
)

// Partition is one partition of a live topic and what clients want of it.
type Partition struct {
	*position.Position // behind everything that is enqueued for attached targets
	settings           *Settings

	mu        sync.Mutex
	targets   map[*delivery.Recipient]*delivery.Target // attached or detached
	index     subscription.Index[*delivery.Target]     // what the attached ones want
	detached  map[*delivery.Target]Reader              // the targets that catch up
	deliverer *delivery.Deliverer
	unflushed []*delivery.Target   // for whose clients something was enqueued since the last flush
	flushing  []*delivery.Target   // unflushed, while it is flushed: the two take turns
	waiting   backpressure.Waiting // for those that are flushed
	overload  *overload.Limit
	ended     []*delivery.Active // have ended by themselves; their owners are to be notified
}

// NewPartition makes a partition without targets.
func NewPartition(topic string, number int, settings *Settings) *Partition {
	p := &Partition{
		Position: position.New(topic, number), settings: settings, targets: make(map[*delivery.Recipient]*delivery.Target),
		deliverer: delivery.NewDeliverer(settings.Shared, settings.Enricher, settings.OnWork),
	}
	p.overload = overload.NewLimit(settings.MaxSteps, settings.Overload, p.endByItself)
	p.deliverer.Source, p.deliverer.Enqueued = p, p.noteUnflushed
	return p
}

// PlaceBefore implements delivery.Source.
func (p *Partition) PlaceBefore(joining *delivery.Active, next int64) cursor.Place {
	wanted, before := joining.Wanted, p.BeforeStart(joining.Start, next)
	return cursor.Place{Source: p, Stream: wanted.Stream, Checkpoint: cursor.Checkpoint{Measurement: wanted.Measurement, Live: before}}
}

// Confirm implements delivery.Source.
func (p *Partition) Confirm(present *delivery.Active, parameters []byte) (stays bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return present.ConfirmAgain(parameters)
}

// End implements delivery.Source.
func (p *Partition) End(leaving *delivery.Active, last func() error) (ended bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end(leaving, last)
}
