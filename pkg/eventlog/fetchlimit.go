package eventlog

import (
	"context"
	"time"
)

// fetchLimit gives fetches a deadline. Several share one context, as making one for each costs a busy tail more than decoding its records does.
type fetchLimit struct {
	ctx      context.Context
	cancel   context.CancelFunc
	deadline time.Time
}

// on gives a context that ends no sooner than fetchTimeout from now, nor later than twice that.
func (l *fetchLimit) on(parent context.Context) context.Context {
	if time.Until(l.deadline) < fetchTimeout {
		l.end()
		l.deadline = time.Now().Add(2 * fetchTimeout)
		l.ctx, l.cancel = context.WithDeadline(parent, l.deadline)
	}
	return l.ctx
}

// end releases the context; the next fetch gets a new one.
func (l *fetchLimit) end() {
	if l.cancel != nil {
		l.cancel()
	}
	*l = fetchLimit{}
}
