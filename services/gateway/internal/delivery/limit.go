package delivery

import (
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// counted is a stream in which a target with limits has got a record.
type counted struct {
	target *Target
	stream atlas.Stream
}

// Spent is a quota of subscriptions of a target that have brought all records that they may.
type Spent struct {
	Target *Target
	Quota  *subscription.Quota
}

// Actives are the subscriptions that are to end. It is called under one of the target's locks.
func (s *Spent) Actives() (ending []*Active) {
	for _, active := range s.Target.Actives {
		if active.Wanted.Quota == s.Quota {
			ending = append(ending, active)
		}
	}
	return ending
}

// deliverCounted is deliverTo for a target with subscriptions that end after so many records. One lock for all sources of the client keeps that exact: a record
// counts once it is enqueued, or waits in a batch, and no further one is matched before.
func (e *Encoder) deliverCounted(target *Target, candidate *subscription.Candidate[*Target]) (matches bool, err error) {
	quotas := &target.Recipient.quotas
	quotas.Lock()
	defer quotas.Unlock()
	e.subject.ForgetQuotas()
	matches, err = e.enqueueMatching(target, candidate)
	if !matches || err != nil {
		return matches, err
	}
	e.taken = append(e.taken, counted{target, candidate.Stream})
	for _, quota := range e.subject.CountRecord() {
		e.spent = append(e.spent, Spent{target, quota})
	}
	return true, nil
}

func (e *Encoder) wasCounted(target *Target, stream atlas.Stream) bool {
	return slices.Contains(e.taken, counted{target, stream})
}

// TakeSpent gives the quotas that were spent since it was called last: the source ends their subscriptions.
func (e *Encoder) TakeSpent() (spent []Spent) {
	spent, e.spent = e.spent, nil
	return spent
}
