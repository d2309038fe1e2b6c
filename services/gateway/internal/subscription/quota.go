package subscription

import (
	"math"
	"sync/atomic"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/parameter"
)

// maxDuration is the longest duration of a subscription: a year.
const maxDuration = 366 * 24 * time.Hour

// readLimit takes how many records end the subscription.
func (p *parser) readLimit(value parameter.Value) error {
	limit, ok := value.Whole()
	if !ok {
		return value.Invalid("want a whole number of records from 1 to %d, after which the subscription ends", int64(atlas.MaxID))
	}
	p.subscription.Limit = limit
	p.subscription.Quota = &Quota{isBounded: true}
	p.subscription.Quota.left.Store(limit)
	return nil
}

// readDuration takes seconds, with fractions of them to the millisecond.
func (p *parser) readDuration(value parameter.Value) error {
	seconds, ok := value.Decimal()
	if !ok || seconds < 0.001 || seconds > maxDuration.Seconds() {
		return value.Invalid("want a number of seconds from 0.001 to %d, after which the subscription ends", int64(maxDuration.Seconds()))
	}
	p.subscription.Duration = time.Duration(math.Round(seconds*1000)) * time.Millisecond
	return nil
}

// Quota is how many records a subscription still brings before it ends. The parts of a subscription to several measurements or probes share one. CountRecord
// is called by one goroutine at a time.
type Quota struct {
	isBounded bool
	isClosed  atomic.Bool  // nothing comes before Open
	left      atomic.Int64 // if it is bounded
}

// IsBounded tells whether there is a limit.
func (q *Quota) IsBounded() bool { return q != nil && q.isBounded }

// IsSpent tells whether no further record comes.
func (q *Quota) IsSpent() bool { return q.IsBounded() && q.left.Load() == 0 }

// Open has the parts of a subscription bring what comes from now on.
func (q *Quota) Open() { q.isClosed.Store(false) }

// admits tells whether the subscription may bring a record now.
func (s *Subscription) admits() bool {
	return s.Quota == nil || !s.Quota.isClosed.Load() && !s.Quota.IsSpent()
}

// ForgetQuotas is called before Match for a subscriber whose records are counted.
func (v *RecordView) ForgetQuotas() { v.union.quotas = v.union.quotas[:0] }

// CountRecord takes the record off the quotas of the subscriptions that the last Match has found, each once, and gives those that are spent now.
func (v *RecordView) CountRecord() (spent []*Quota) {
	for _, quota := range v.union.quotas {
		//mutate:limit-one-more
		if quota.left.Add(-1) == 0 {
			spent = append(spent, quota)
		}
	}
	return spent
}

// noteQuota notes whose quota the record takes from. Of the parts that share a quota, one at most is to a record's measurement and probe.
func (u *union) noteQuota(of *Subscription) {
	if of.Quota.IsBounded() {
		u.quotas = append(u.quotas, of.Quota)
	}
}
