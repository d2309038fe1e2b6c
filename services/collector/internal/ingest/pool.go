package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"golang.org/x/sync/semaphore"

	"atlasstream/services/collector/internal/sources"
)

// addressShare is the divisor for the share of a pool that one address may have, as clientip.Site counts addresses, so that no client keeps out all others.
const addressShare = 4

// account is what a request counts for: its source or, where sources are not known, its address.
type account struct {
	owner string  // as errors say it: of source "lab"
	share float64 // of each pool, from 0 to 1
}

func accountOf(source *sources.Source, from netip.Prefix) account {
	if source.Name == "" {
		return account{fmt.Sprintf("from your address (%s)", from), 1. / addressShare}
	}
	return account{fmt.Sprintf("of source %q", source.Name), source.Share}
}

// errBusy says that a pool has no room for now.
var errBusy = errors.New("busy")

// pool bounds what all requests hold together, and what those of one account do. It is safe for concurrent use.
type pool struct {
	unit  string // of what it counts, for errors
	most  int64
	least int64 // of a share, so that every account has room for one request, though all shares together may then be more than the pool
	all   *semaphore.Weighted

	mu      sync.Mutex
	holders map[account]*holder // where the share of a source has changed, what it holds already counts for the old one
	held    int64
}

// holder is an account whose requests hold a part of a pool, or wait for it.
type holder struct {
	share    *semaphore.Weighted
	requests int
}

func newPool(most, least int64, unit string) *pool {
	return &pool{unit: unit, most: most, least: min(most, least), all: semaphore.NewWeighted(most), holders: map[account]*holder{}}
}

// share is how much an account may hold.
func (p *pool) share(of account) int64 {
	//mutate:source-takes-every-share
	return max(p.least, int64(float64(p.most)*of.share))
}

// inUse is how much is held now.
func (p *pool) inUse() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

// take waits for an amount until ctx ends, and does not wait if ctx has ended already. It returns the function that releases the amount.
func (p *pool) take(ctx context.Context, from account, amount int64) (release func(), err error) {
	holder := p.enter(from)
	if err := acquire(ctx, holder.share, amount); err != nil {
		p.leave(from, holder)
		return nil, fmt.Errorf("%w: requests %s already hold its limit of %d %s", errBusy, from.owner, p.share(from), p.unit)
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

func (p *pool) enter(from account) *holder {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holders[from] == nil {
		p.holders[from] = &holder{share: semaphore.NewWeighted(p.share(from))}
	}
	p.holders[from].requests++
	return p.holders[from]
}

func (p *pool) leave(from account, holder *holder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if holder.requests--; holder.requests == 0 {
		delete(p.holders, from)
	}
}
