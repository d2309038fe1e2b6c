package live

import (
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/delivery"
)

// Begin begins a subscription and confirms it: records come after the confirmation. What the log has before next has been delivered to attached
// targets. A subscription to a measurement that has stopped ends when all of its results have been delivered. Errors: overload.ErrTooMany, a *protocol.Error
// for a measurement that the client may not have, those of Client.EnqueueControl.
func (p *Partition) Begin(joining *delivery.Active, next int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	allowed := p.settings.Access.Of(joining.Wanted, joining.Recipient.Rights)
	if allowed == access.Unknown {
		return access.UnknownMeasurement(joining.Wanted.Measurement)
	}
	if allowed == access.Stopped && joining.Start == nil {
		before := p.PlaceBefore(joining, next)
		return joining.ConfirmAndEnd(&before, next, nil)
	}
	if err := p.overload.Charge(joining); err != nil {
		return err
	}
	target := p.targetOf(joining.Recipient)
	if err := p.beginIn(target, joining, next); err != nil {
		p.overload.Refund(joining)
		return err
	}
	p.Reach(next)
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

func (p *Partition) targetOf(recipient *delivery.Recipient) *delivery.Target {
	if present := p.targets[recipient]; present != nil {
		return present
	}
	return delivery.NewTarget(recipient, p.canDeliverLater())
}

// canDeliverLater tells whether a target that cannot take a record can have it later. Else its client is closed.
func (p *Partition) canDeliverLater() bool { return p.settings.NewReader != nil }
