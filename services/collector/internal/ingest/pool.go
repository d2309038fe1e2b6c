package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"golang.org/x/sync/semaphore"
)

// addressShare is the divisor for the share of a pool that one address may have, as clientip.Site counts addresses, so that no client keeps out all others.
const addressShare = 4

// errBusy says that a pool has no room for now.
var errBusy = errors.New("busy")

// pool bounds what all requests hold together, and what those of one address do. It is safe for concurrent use.
type pool struct {
	unit string // of what it counts, for errors
	most int64
	all  *semaphore.Weighted

	mu      sync.Mutex
	holders map[netip.Prefix]*holder
	held    int64
}

// holder is a network whose requests hold a part of a pool, or wait for it.
type holder struct {
	share    *semaphore.Weighted
	requests int
}

func newPool(most int64, unit string) *pool {
	return &pool{unit: unit, most: most, all: semaphore.NewWeighted(most), holders: map[netip.Prefix]*holder{}}
}

// share is how much one address may hold.
func (p *pool) share() int64 { return max(1, p.most/addressShare) }

// inUse is how much is held now.
func (p *pool) inUse() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

// take waits for an amount until ctx ends, and does not wait if ctx has ended already. It returns the function that releases the amount.
func (p *pool) take(ctx context.Context, from netip.Prefix, amount int64) (release func(), err error) {
	holder := p.enter(from)
	if err := acquire(ctx, holder.share, amount); err != nil {
		p.leave(from, holder)
		return nil, fmt.Errorf("%w: requests from your address (%s) already hold its limit of %d %s", errBusy, from, p.share(), p.unit)
	}
	if err := acquire(ctx, p.all, amount); err != nil {
		holder.share.Release(amount)
		p.leave(from, holder)
		return nil, fmt.Errorf("%w: requests already hold the limit of %d %s", errBusy, p.most, p.unit)
	}
	p.count(amount)
	return func() {
		p.count(-amount)
		p.all.Release(amount)
		holder.share.Release(amount)
		p.leave(from, holder)
	}, nil
}

func acquire(ctx context.Context, from *semaphore.Weighted, amount int64) error {
	if from.TryAcquire(amount) {
		return nil
	}
	return from.Acquire(ctx, amount)
}

func (p *pool) count(amount int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held += amount
}

func (p *pool) enter(from netip.Prefix) *holder {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holders[from] == nil {
		p.holders[from] = &holder{share: semaphore.NewWeighted(p.share())}
	}
	p.holders[from].requests++
	return p.holders[from]
}

func (p *pool) leave(from netip.Prefix, holder *holder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if holder.requests--; holder.requests == 0 {
		delete(p.holders, from)
	}
}
