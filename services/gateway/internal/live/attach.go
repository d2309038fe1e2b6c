package live

import "atlasstream/services/gateway/internal/delivery"

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
	p.index.Add(target, delivery.Wanted(actives)...)
	for _, active := range actives {
		active.Recipient.Checkpoints.Follow(&active.Subscription, true)
	}
}

// detach has a reader deliver to a target from an offset on.
func (p *Partition) detach(target *delivery.Target, next int64) {
	p.index.Remove(target, delivery.Wanted(target.Actives)...)
	for _, active := range target.Actives {
		active.Recipient.Checkpoints.Follow(&active.Subscription, false)
	}
	if p.detached == nil {
		p.detached = make(map[*delivery.Target]Reader)
	}
	p.detached[target] = p.settings.NewReader(p, target, next)
}
