package readlimit

import (
	"context"
	"slices"
	"sync"
)

// Pool has permits for what can be done at once. An account has at most so many of them; where more are wanted than there are, accounts get one in turn,
// whatever each of them waits for.
type Pool struct {
	total, ofAccount int

	mu       sync.Mutex
	held     int
	waiting  int
	accounts map[*Account]*holder // those that hold a permit or wait for one
	turns    []*holder            // those that wait and may have another permit, each once, in the order in which they get it
}

// holder is what an account holds and waits for.
type holder struct {
	account *Account
	held    int
	waiting []chan struct{} // each is closed when its permit is given
	inTurn  bool            // it stands in turns
}

// NewPool makes a pool of so many permits, and so many for one account.
func NewPool(total, ofAccount int) *Pool {
	return &Pool{total: total, ofAccount: ofAccount, accounts: make(map[*Account]*holder)}
}

// Acquire waits for a permit. Release must be called once with no error, which is the context's.
func (p *Pool) Acquire(ctx context.Context, account *Account) (release func(), err error) {
	holder, given := p.enqueue(account.Site())
	select {
	case <-given:
	case <-ctx.Done():
		if p.giveUp(holder, given) {
			return nil, ctx.Err()
		}
	}
	return sync.OnceFunc(func() { p.release(holder) }), nil
}

// Usage tells how many permits are held, and how many are waited for.
func (p *Pool) Usage() (held, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held, p.waiting
}

func (p *Pool) enqueue(account *Account) (*holder, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.accounts[account]
	if found == nil {
		found = &holder{account: account}
		p.accounts[account] = found
	}
	given := make(chan struct{})
	found.waiting = append(found.waiting, given)
	p.waiting++
	p.queue(found)
	p.give()
	return found, given
}

// giveUp returns false if the permit has been given.
func (p *Pool) giveUp(by *holder, given chan struct{}) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.Index(by.waiting, given)
	if at < 0 {
		return false
	}
	by.waiting = slices.Delete(by.waiting, at, at+1)
	p.waiting--
	p.forget(by)
	return true
}

func (p *Pool) release(by *holder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	by.held--
	p.held--
	p.queue(by)
	p.give()
	p.forget(by)
}

// queue has a holder wait for its turn, if there is something to wait for. It is called under the lock, as are the following.
func (p *Pool) queue(waiting *holder) {
	//mutate:readers-of-one-address
	if !waiting.inTurn && len(waiting.waiting) > 0 && waiting.held < p.ofAccount {
		waiting.inTurn = true
		//mutate:readers-first-come
		p.turns = append(p.turns, waiting)
	}
}

// give gives out the permits that there are.
func (p *Pool) give() {
	for p.held < p.total && len(p.turns) > 0 {
		next := p.turns[0]
		p.turns = slices.Delete(p.turns, 0, 1)
		next.inTurn = false
		if len(next.waiting) == 0 { // it has given up
			continue
		}
		close(next.waiting[0])
		next.waiting = slices.Delete(next.waiting, 0, 1)
		next.held++
		p.held++
		p.waiting--
		p.queue(next)
	}
}

// forget drops a holder that holds nothing and waits for nothing.
func (p *Pool) forget(idle *holder) {
	if idle.held == 0 && len(idle.waiting) == 0 {
		delete(p.accounts, idle.account)
	}
}
