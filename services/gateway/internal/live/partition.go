package live

import (
	"fmt"
	"sync"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/lag"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
)

// Partition is one partition of a live topic and what clients want of it.
type Partition struct {
	// Topic and Number are those of the log.
	Topic    string
	Number   int
	settings *Settings
	Lag      lag.Estimator

	mu        sync.Mutex
	targets   map[*delivery.Recipient]*delivery.Target // attached or detached
	index     subscription.Index[*delivery.Target]     // what the attached ones want
	detached  map[*delivery.Target]Reader              // the targets that catch up
	encoder   *delivery.Encoder
	written   []*delivery.Target // for whose clients something was enqueued since the last flush
	flushing  []*delivery.Target // written, while it is flushed: the two take turns
	waiting   waiting            // for those that are flushed
	costs     *cost.Table
	ended     []*delivery.Active // that cost too much or have brought all that they may; their owners are to be notified
	delivered lastDelivered      // is enqueued for attached targets
}

// NewPartition makes a partition without targets.
func NewPartition(topic string, number int, settings *Settings) *Partition {
	p := &Partition{
		Topic: topic, Number: number, settings: settings, targets: make(map[*delivery.Recipient]*delivery.Target), costs: cost.NewTable(settings.MaxSteps),
		encoder: delivery.NewEncoder(settings.Shared, settings.Enricher, settings.OnWork),
	}
	p.delivered.at = p.noneBefore(0)
	p.encoder.SetSource(p, p.noteWritten)
	return p
}

// PlaceBefore implements delivery.Source.
func (p *Partition) PlaceBefore(joining *delivery.Active, next int64) delivery.Place {
	if joining.Start != nil {
		next = min(joining.Start.From, next)
	}
	before, wanted := p.before(next), joining.Wanted
	if before.Identity == 0 && joining.Start != nil && joining.Start.From == next {
		before.Identity = joining.Start.Identity
	}
	return delivery.Place{Source: p, Stream: wanted.Stream, Checkpoint: cursor.Checkpoint{Measurement: wanted.Measurement, Live: before}}
}

// Delivered implements delivery.Source.
func (p *Partition) Delivered() cursor.Live { return p.delivered.load() }

// IsReplay implements delivery.Source.
func (p *Partition) IsReplay() bool { return false }

// Begin begins a subscription and confirms it: records come after the confirmation. What the log has before next has been delivered to attached
// targets. A subscription to a measurement that has stopped ends when all of its results have been delivered. Errors: delivery.ErrTooMany, a *protocol.Error
// for a measurement that the client may not have, those of Client.EnqueueControl.
func (p *Partition) Begin(joining *delivery.Active, next int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	allowed := p.access(joining)
	if allowed == access.Unknown {
		return access.UnknownMeasurement(joining.Wanted.Measurement)
	}
	if allowed == access.Stopped && joining.Start == nil {
		return joining.ConfirmAndEnd(next, nil)
	}
	if err := p.charge(joining); err != nil {
		return err
	}
	target := p.targetOf(joining.Recipient)
	if err := p.beginIn(target, joining, next); err != nil {
		joining.Charge.Refund(joining.Cost())
		return err
	}
	p.reach(next)
	p.attachOrDetach(target, joining, next)
	if reader := p.detached[target]; reader != nil && allowed == access.Stopped {
		reader.Stop(joining, next)
	}
	return nil
}

// beginIn begins a subscription in a target. While a reader delivers to that, nothing is delivered between the confirmation and what the reader has to do for
// it: a record in between would move the subscription's cursor past others that are still to come.
func (p *Partition) beginIn(target *delivery.Target, joining *delivery.Active, next int64) error {
	target.Lock()
	defer target.Unlock()
	if err := target.Begin(joining, next); err != nil {
		return err
	}
	if reader := p.detached[target]; reader != nil {
		reader.Begin(joining, next)
	}
	return nil
}

func (p *Partition) access(of *delivery.Active) access.Decision {
	return p.settings.Access.Of(of.Wanted, of.Recipient.Rights)
}

func (p *Partition) charge(joining *delivery.Active) error {
	charge, excess := p.costs.Charge(joining.CostToBegin())
	if excess != "" {
		charge.Refund(joining.Cost())
		p.settings.Metrics.overloads.Inc()
		return fmt.Errorf("%w to measurement %d: %s", delivery.ErrTooMany, joining.Wanted.Measurement, excess)
	}
	joining.Charge = charge
	return nil
}

func (p *Partition) targetOf(recipient *delivery.Recipient) *delivery.Target {
	if present := p.targets[recipient]; present != nil {
		return present
	}
	return delivery.NewTarget(recipient, p.canDetach())
}

// canDetach tells whether a target that cannot take a record can have it later. Else its client is closed.
func (p *Partition) canDetach() bool { return p.settings.Detach != nil }

// attachOrDetach has records delivered for a subscription that no reader delivers for yet: what comes from next on, or from where it wants to start. The reader
// that it may begin has to wait for the tail's lock, under which this is called.
func (p *Partition) attachOrDetach(target *delivery.Target, joining *delivery.Active, next int64) {
	p.targets[joining.Recipient] = target
	if p.detached[target] != nil {
		return
	}
	if joining.Start != nil {
		p.detach(target, next) // with those subscriptions that it has
		target.Lock()
		defer target.Unlock()
		p.detached[target].Begin(joining, next)
		return
	}
	target.Lock()
	target.Add(joining)
	target.Unlock()
	p.match(target, joining)
}

// match has what is delivered live matched for subscriptions of an attached target.
func (p *Partition) match(target *delivery.Target, actives ...*delivery.Active) {
	p.index.Add(target, delivery.Matched(actives)...)
	for _, active := range actives {
		active.Follow(true)
	}
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

func (p *Partition) end(leaving *delivery.Active, last func() error) (ended bool, err error) {
	if !leaving.TryEnd() {
		return false, nil
	}
	target := p.targets[leaving.Recipient]
	p.remove(target, leaving)
	if last == nil {
		return true, nil
	}
	target.FlushBatches(leaving.Wanted.Stream)
	return true, last()
}

func (p *Partition) remove(target *delivery.Target, leaving *delivery.Active) {
	leaving.Charge.Refund(leaving.Cost())
	if reader := p.detached[target]; reader != nil {
		reader.End(leaving)
	} else {
		p.index.Remove(target, delivery.Matched([]*delivery.Active{leaving})...)
		target.Lock()
		target.Remove(leaving)
		target.Unlock()
	}
	if len(target.Actives) == 0 {
		delete(p.targets, target.Recipient)
		delete(p.detached, target)
	}
}

// RecheckAccess ends the subscriptions to a measurement that have lost their access, and tells their clients.
func (p *Partition) RecheckAccess(measurement atlas.MeasurementID) {
	delivery.NotifyOwners(p.endWithoutAccess(measurement))
}

func (p *Partition) endWithoutAccess(measurement atlas.MeasurementID) (over []*delivery.Active) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, active := range p.subscriptionsTo(measurement) {
		allowed, reader := p.access(active), p.detached[p.targets[active.Recipient]]
		switch {
		case allowed == access.Granted:
		case allowed == access.Stopped && reader != nil: // there is still something to come
			reader.Stop(active, p.Lag.Next())
		default:
			ended, _ := p.end(active, func() error { return active.SendAccessEnded(allowed) }) // Flush deals with what did not fit
			if ended {
				over = append(over, active)
			}
		}
	}
	return over
}

// subscriptionsTo gives the subscriptions that name a measurement.
func (p *Partition) subscriptionsTo(measurement atlas.MeasurementID) (all []*delivery.Active) {
	targets := make(map[*delivery.Target]struct{}) // one may have entries for several streams
	for _, entry := range p.index.Candidates(measurement) {
		targets[entry.Subscriber] = struct{}{}
	}
	for target := range p.detached {
		targets[target] = struct{}{}
	}
	for target := range targets {
		for _, active := range target.Actives {
			if active.Wanted.Measurement == measurement {
				all = append(all, active)
			}
		}
	}
	return all
}

// FlushBatches sends what waits in batches.
func (p *Partition) FlushBatches() {
	for _, recipient := range p.enqueueBatches() {
		recipient.Flush()
	}
}

func (p *Partition) enqueueBatches() (flushed []*delivery.Recipient) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, target := range p.targets {
		if target.FlushBatches("") {
			flushed = append(flushed, target.Recipient)
		}
	}
	return flushed
}

// detach has a reader deliver to a target from an offset on.
func (p *Partition) detach(target *delivery.Target, next int64) {
	p.index.Remove(target, delivery.Matched(target.Actives)...)
	for _, active := range target.Actives {
		active.Follow(false)
	}
	if p.detached == nil {
		p.detached = make(map[*delivery.Target]Reader)
	}
	p.detached[target] = p.settings.Detach(p, target, next)
}

func (p *Partition) noteWritten(target *delivery.Target) {
	if !target.IsWritten {
		target.IsWritten = true
		p.written = append(p.written, target)
	}
}

func (p *Partition) sendLast(target *delivery.Target, refusal *protocol.Error) {
	target.SendLast(target.Recipient.Client.Complaint(refusal))
	p.noteWritten(target)
}

func (p *Partition) endStopped(stopped []*delivery.Active) (ended []*delivery.Active) {
	for _, active := range stopped {
		is, _ := p.end(active, func() error { return active.SendAccessEnded(access.Stopped) }) // Flush deals with what did not fit
		if is {
			ended = append(ended, active)
		}
	}
	return ended
}
