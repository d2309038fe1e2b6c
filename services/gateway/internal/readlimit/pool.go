package readlimit

import (
	"context"
	"slices"
	"sync"
)

// Pool limits concurrency by permits. An account has at most perAccount of them; if there are not enough for all, accounts get one in turn,
// however many each of them waits for.
type Pool struct {
	total, perAccount int

	mu       sync.Mutex
	held     int
	waiting  int
	accounts map[*Account]*accountPermits // accounts that have a permit or wait for one
	turns    []*accountPermits            // accounts that wait and may have another permit, each once, in the order in which they get it
}

// accountPermits are the permits that an account has and waits for.
type accountPermits struct {
	account *Account
	held    int
	waiting []chan struct{} // each is closed when its permit is granted
	queued  bool            // it is in turns
}

// NewPool makes a pool of total permits.
func NewPool(total, ofAccount int) *Pool {
	return &Pool{total: total, perAccount: ofAccount, accounts: make(map[*Account]*accountPermits)}
}

// Acquire waits for a permit. Without an error, release must be called when it is not used any more. The error is the context's.
func (p *Pool) Acquire(ctx context.Context, account *Account) (release func(), err error) {
	permits, granted := p.enqueue(account.Site())
	select {
	case <-granted:
	case <-ctx.Done():
		if p.cancel(permits, granted) {
			return nil, ctx.Err()
		}
	}
	return sync.OnceFunc(func() { p.release(permits) }), nil
}

// Usage returns how many permits are in use, and how many are waited for.
func (p *Pool) Usage() (held, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held, p.waiting
}

func (p *Pool) enqueue(account *Account) (*accountPermits, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.accounts[account]
	if found == nil {
		found = &accountPermits{account: account}
		p.accounts[account] = found
	}
	granted := make(chan struct{})
	found.waiting = append(found.waiting, granted)
	p.waiting++
	p.queueTurn(found)
	p.grant()
	return found, granted
}

// cancel stops waiting for a permit. It returns false if the permit is granted already.
func (p *Pool) cancel(by *accountPermits, granted chan struct{}) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.Index(by.waiting, granted)
	if at < 0 {
		return false
	}
	by.waiting = slices.Delete(by.waiting, at, at+1)
	p.waiting--
	p.forget(by)
	return true
}

func (p *Pool) release(by *accountPermits) {
	p.mu.Lock()
	defer p.mu.Unlock()
	by.held--
	p.held--
	p.queueTurn(by)
	p.grant()
	p.forget(by)
}

// queueTurn queues an account for its next permit, if it waits for one and may have it. This and the following are called with the lock held.
func (p *Pool) queueTurn(waiting *accountPermits) {
	//mutate:readers-of-one-address
	if !waiting.queued && len(waiting.waiting) > 0 && waiting.held < p.perAccount {
		waiting.queued = true
		//mutate:readers-first-come
		p.turns = append(p.turns, waiting)
	}
}

// grant grants the available permits.
func (p *Pool) grant() {
	for p.held < p.total && len(p.turns) > 0 {
		next := p.turns[0]
		p.turns = slices.Delete(p.turns, 0, 1)
		next.queued = false
		if len(next.waiting) == 0 { // it was cancelled
			continue
		}
		close(next.waiting[0])
		next.waiting = slices.Delete(next.waiting, 0, 1)
		next.held++
		p.held++
		p.waiting--
		p.queueTurn(next)
	}
}

// forget deletes an account that has no permit and waits for none.
func (p *Pool) forget(idle *accountPermits) {
	if idle.held == 0 && len(idle.waiting) == 0 {
		delete(p.accounts, idle.account)
	}
}
