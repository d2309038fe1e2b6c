package ratelimit

import "fmt"

// Usage is what a connection's subscriptions take of what its address may have.
type Usage struct {
	Subscriptions int
	Bytes         int // of memory
}

func (u Usage) plus(other Usage) Usage {
	return Usage{u.Subscriptions + other.Subscriptions, u.Bytes + other.Bytes}
}

func (u Usage) minus(other Usage) Usage {
	return Usage{u.Subscriptions - other.Subscriptions, u.Bytes - other.Bytes}
}

// checkUsage refuses a subscription of so many bytes that would be too much for an address. It is called under the lock.
func (g *Guard) checkUsage(from *address, bytes int) error {
	used, mostSubscriptions, mostBytes := from.usage, g.limits.Subscriptions*from.network.Factor, g.limits.SubscriptionBytes*from.network.Factor
	switch {
	case used.Subscriptions >= mostSubscriptions:
		g.metrics.subscriptions.Inc()
		return fmt.Errorf("%w: there are %d from %s, and no more are allowed", ErrTooManySubscriptions, used.Subscriptions, from.network.Describe())
	case used.Bytes+bytes > mostBytes:
		g.metrics.subscriptionBytes.Inc()
		return fmt.Errorf("%w: those from %s take %d bytes of memory, this one would take %d, and no more than %d are allowed", ErrTooManySubscriptions,
			from.network.Describe(), used.Bytes, bytes, mostBytes)
	}
	return nil
}
