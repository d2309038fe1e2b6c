package sources

import (
	"context"
	"sync"
	"time"
)

// rates bound what a source sends a second in the long run, on one collector, whatever happens to the file meanwhile.
type rates struct {
	mu      sync.Mutex
	records pace
	bytes   pace
}

// pace is a rate. A batch may be larger than what comes in a second: what is sent is paid by pauses afterwards, which limiters of tokens do not offer.
type pace struct {
	perSecond int64     // 0: any
	paidFor   time.Time // from when on nothing of what was sent is unpaid
}

// ahead is how far a source may be ahead of its rate without waiting.
const ahead = time.Second

// wait is how long a source has to wait before it may send more.
func (p *pace) wait(now time.Time) time.Duration { return max(0, p.paidFor.Add(-ahead).Sub(now)) }

func (p *pace) charge(now time.Time, amount int) {
	if p.perSecond == 0 {
		return
	}
	if p.paidFor.Before(now) {
		p.paidFor = now
	}
	p.paidFor = p.paidFor.Add(time.Duration(float64(amount) / float64(p.perSecond) * float64(time.Second)))
}

// limit sets what may be sent from now on. What has been sent stays charged.
func (r *rates) limit(records, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.records.limit(now, records)
	r.bytes.limit(now, bytes)
}

// limit has what is unpaid paid by a higher rate, so that one that was too low is mended at once, and nothing of it without a rate. A lower one is for what is
// sent from now on.
func (p *pace) limit(now time.Time, perSecond int64) {
	switch unpaid := p.paidFor.Sub(now); {
	case perSecond == 0:
		p.paidFor = time.Time{}
	case unpaid > 0 && perSecond > p.perSecond:
		p.paidFor = now.Add(time.Duration(float64(unpaid) * float64(p.perSecond) / float64(perSecond)))
	}
	p.perSecond = perSecond
}

// Wait returns 0 once the source may send so many records and bytes, which are charged. If that is later than after most, it does not wait, charges nothing and
// returns how long it would be.
func (s *Source) Wait(ctx context.Context, records, bytes int, most time.Duration) (retry time.Duration, err error) {
	wait, allowed := s.rates.reserve(records, bytes, most)
	if !allowed || wait == 0 {
		return wait, nil
	}
	select {
	case <-time.After(wait):
		return 0, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func (r *rates) reserve(records, bytes int, most time.Duration) (wait time.Duration, allowed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if wait = max(r.records.wait(now), r.bytes.wait(now)); wait > most {
		return wait, false
	}
	r.records.charge(now, records)
	r.bytes.charge(now, bytes)
	return wait, true
}
