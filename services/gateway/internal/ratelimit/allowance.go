package ratelimit

import (
	"math"
	"time"

	"golang.org/x/time/rate"

	"atlasstream/pkg/clientip"
	"atlasstream/services/gateway/internal/readlimit"
)

// Verdict is what to do with a message of a client.
type Verdict int

// The verdicts.
const (
	Pass       Verdict = iota
	Warn               // drop it, and tell the client
	Drop               // drop it; the client was told recently
	Disconnect         // drop it and close the connection, as the client goes on sending
)

const (
	warnInterval = 10 * time.Second
	// maxExcessBursts is how many bursts of dropped messages a connection may send before it is closed.
	maxExcessBursts = 10
	// messageBytes is how many bytes count as one message: a long one costs as much as several short ones.
	messageBytes = 4 << 10
)

// Allowance limits the messages and subscriptions of one connection, and of its address. Its methods but Message and Recount are called one after the other,
// Close last; Message is called by one goroutine at a time, perhaps concurrently with the others.
type Allowance struct {
	guard    *Guard
	networks networks
	messages *rate.Limiter
	excess   *excess // nil until a message exceeds the limit, as for most clients
	usage    Usage   // that is part of the networks' usage
	reserved Usage   // part of usage: subscriptions that are beginning
	closed   bool
}

// excess limits the messages of a connection beyond its limit.
type excess struct {
	limiter *rate.Limiter
	warning rate.Sometimes
}

// ChargeMessage charges the address of the client at remote, host:port, for a message, or returns ErrTooManyMessages. Connecting is a message, so that a
// client that reconnects or retries cannot send more than others.
func (g *Guard) ChargeMessage(remote string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := g.networksOf(remote)
	g.retain(from)
	defer g.release(from)
	if !from.allow(time.Now(), 1) {
		g.metrics.messages.Inc()
		return ErrTooManyMessages
	}
	return nil
}

// OpenAllowance opens the allowance of a new connection of the client at remote, host:port, which it counts until Close, or returns ErrTooManyConnections.
func (g *Guard) OpenAllowance(remote string) (*Allowance, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := g.networksOf(remote)
	if err := g.addConnection(from); err != nil {
		return nil, err
	}
	return &Allowance{guard: g, networks: from, messages: newLimiter(g.limits.ConnectionMessages)}, nil
}

// Message charges for a message of the client. It counts once for every messageBytes, or part of them, but never more than the burst, and
// returns what to do with the message.
func (a *Allowance) Message(bytes int) Verdict {
	count := a.capped(1 + max(0, bytes-1)/messageBytes)
	if a.allow(count) {
		return Pass
	}
	if a.excess == nil {
		a.excess = newExcess(a.messages.Limit(), maxExcessBursts*a.messages.Burst())
	}
	return a.excess.verdict(count)
}

// FurtherMessages charges for messages beside one that has been charged, as it stands for all of them, but never for more than half of what may be sent at
// once: a client that has sent little else can send it. It returns ErrTooManyMessages beyond the limit.
func (a *Allowance) FurtherMessages(messages int) error {
	if messages > 0 && !a.allow(min(messages, a.capped(math.MaxInt)/2)) {
		return ErrTooManyMessages
	}
	return nil
}

// capped bounds a number of messages by the burst.
func (a *Allowance) capped(messages int) int {
	return max(1, min(messages, a.messages.Burst(), a.networks.minBurst()))
}

func (a *Allowance) allow(messages int) bool {
	now := time.Now()
	if a.messages.AllowN(now, messages) && a.networks.allow(now, messages) {
		return true
	}
	a.guard.metrics.messages.Inc()
	return false
}

func newExcess(limit rate.Limit, burst int) *excess {
	return &excess{limiter: rate.NewLimiter(limit, burst), warning: rate.Sometimes{Interval: warnInterval}}
}

func (e *excess) verdict(count int) Verdict {
	if !e.limiter.AllowN(time.Now(), count) {
		return Disconnect
	}
	verdict := Drop
	e.warning.Do(func() { verdict = Warn })
	return verdict
}

// Networks are the networks in which the address counts, the narrowest first. They are not changed.
func (a *Allowance) Networks() []clientip.Network { return a.networks[0].within }

// Reading is the account that pays for reading the log, in messages of the address.
func (a *Allowance) Reading() *readlimit.Account { return a.networks[0].reading }

// QueueBudget is the budget of the queues of all clients of the address.
func (a *Allowance) QueueBudget() *QueueBudget { return a.networks[0].queueBudget }

// Reserve counts a subscription that is beginning and takes bytes of memory, or returns ErrTooManySubscriptions. Settle must follow.
func (a *Allowance) Reserve(bytes int) error { return a.ReserveSeveral(1, bytes) }

// ReserveSeveral is Reserve for so many subscriptions that begin together.
func (a *Allowance) ReserveSeveral(count, bytes int) error {
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	for _, counted := range a.networks {
		if err := a.guard.checkUsage(counted, count, bytes); err != nil {
			return err
		}
	}
	beginning := Usage{Subscriptions: count, Bytes: bytes}
	a.reserved = a.reserved.plus(beginning)
	a.settle(a.usage.plus(beginning))
	return nil
}

// Settle is called when no subscription is beginning. It sets the usage of the connection, which it calls under the guard's lock, so that the last result wins.
func (a *Allowance) Settle(usage func() Usage) {
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	a.reserved = Usage{}
	a.settle(usage())
}

// Recount sets the usage of the connection, beside reserved subscriptions. It may be called from any goroutine, even after Close.
func (a *Allowance) Recount(usage func() Usage) {
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	if !a.closed {
		a.settle(usage().plus(a.reserved))
	}
}

// Close is called when the connection is closed.
func (a *Allowance) Close() {
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	a.closed = true
	a.settle(Usage{})
	a.guard.removeConnection(a.networks)
}

// settle is called with the lock held.
func (a *Allowance) settle(usage Usage) {
	for _, counted := range a.networks {
		counted.usage = counted.usage.plus(usage).minus(a.usage)
	}
	a.usage = usage
}
