package live

import (
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/recordlimit"
)

// endSpent ends subscriptions that have brought all records that they may.
func (p *Partition) endSpent(spent []recordlimit.Spent[*delivery.Target]) {
	for _, each := range spent {
		ending := each.Subscriber.ActivesOf(each.Quota)
		p.index.Remove(each.Subscriber, delivery.Wanted(ending)...) // together, which is faster
		for _, active := range ending {
			p.endByItself(active, active.SendOver)
		}
	}
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
	p.overload.Refund(leaving)
	if reader := p.detached[target]; reader != nil {
		reader.End(leaving)
	} else {
		p.index.Remove(target, delivery.Wanted([]*delivery.Active{leaving})...)
		target.Lock()
		target.Remove(leaving)
		target.Unlock()
	}
	if len(target.Actives) == 0 {
		delete(p.targets, target.Recipient)
		delete(p.detached, target)
	}
}

// endByItself ends a subscription whose client has not asked for that. NotifyOwners is to get it of takeEnded.
func (p *Partition) endByItself(ending *delivery.Active, last func() error) (ended bool) {
	ended, _ = p.end(ending, last) // Flush deals with what did not fit
	if ended {
		p.ended = append(p.ended, ending)
	}
	return ended
}

// takeEnded gives the subscriptions that have ended by themselves, for NotifyOwners, which is called without a lock.
func (p *Partition) takeEnded() (ended []*delivery.Active) {
	ended, p.ended = p.ended, nil
	return ended
}
