package ratelimit

import (
	"math"
	"time"

	"golang.org/x/time/rate"

	"atlasstream/services/gateway/internal/readlimit"
)

// Verdict is what becomes of a message of a client.
type Verdict int

// The verdicts.
const (
	Pass       Verdict = iota
	Warn               // it is dropped, and the client is told so
	Drop               // it is dropped, and the client was told not long ago
	Disconnect         // it is dropped and the connection is to be closed: the client goes on at length
)

const (
	warnInterval = 10 * time.Second
	// patience is how many times its burst a connection may send in vain before it is closed.
	patience = 10
	// messageBytes is how many bytes of a message count as one: to read a long one costs as much as to read several short ones.
	messageBytes = 4 << 10
)

// Allowance is what one connection may still say and ask for, and its address with it. Its methods but Message and Recount are called one after the other,
// Leave last; Message is called by one goroutine at a time, perhaps beside the others.
type Allowance struct {
	guard    *Guard
	networks networks
	messages *rate.Limiter
	excess   *excess // nil until a message is one too many, as it is with most clients
	usage    Usage   // that is counted among the networks'
	reserved Usage   // of that, what is about to begin
	closed   bool
}

// excess is what a connection says beyond its limits.
type excess struct {
	patience *rate.Limiter
	warning  rate.Sometimes
}

// ChargeMessage counts what the client at remote, host:port, says as it comes in as a message of its address, or refuses it with ErrTooManyMessages: whoever
// leaves and comes again, or is sent away and tries again, shall not say more than others.
func (g *Guard) ChargeMessage(remote string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := g.find(remote)
	g.retain(from)
	defer g.release(from)
	if !from.allow(time.Now(), 1) {
		g.metrics.messages.Inc()
		return ErrTooManyMessages
	}
	return nil
}

// OpenAllowance opens the account of a connection of the client at remote, which has been charged. Leave must be called when the connection is gone.
func (g *Guard) OpenAllowance(remote string) *Allowance {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := g.find(remote)
	g.retain(from)
	return &Allowance{guard: g, networks: from, messages: bucket(g.limits.ConnectionMessages)}
}

// Message judges a message of so many bytes that came from the client. It counts once for every 4 KiB that it has begun, but never more than may be said
// at once.
func (a *Allowance) Message(bytes int) Verdict {
	count := a.atOnce(1 + max(0, bytes-1)/messageBytes)
	if a.allow(count) {
		return Pass
	}
	if a.excess == nil {
		a.excess = newExcess(a.messages.Limit(), patience*a.messages.Burst())
	}
	return a.excess.verdict(count)
}

// FurtherMessages charges for messages beside one that has been charged, as it stands for all of them, but never for more than half of what may be sent at
// once: a client that has sent little else can send it. It returns ErrTooManyMessages beyond the limit.
func (a *Allowance) FurtherMessages(messages int) error {
	if messages > 0 && !a.allow(min(messages, a.atOnce(math.MaxInt)/2)) {
		return ErrTooManyMessages
	}
	return nil
}

// atOnce is how many messages are counted for some.
func (a *Allowance) atOnce(messages int) int {
	return max(1, min(messages, a.messages.Burst(), a.networks.burst()))
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
	return &excess{patience: rate.NewLimiter(limit, burst), warning: rate.Sometimes{Interval: warnInterval}}
}

func (e *excess) verdict(count int) Verdict {
	if !e.patience.AllowN(time.Now(), count) {
		return Disconnect
	}
	verdict := Drop
	e.warning.Do(func() { verdict = Warn })
	return verdict
}

// Reading is whom the reading of the log is charged to for this connection: its address, in messages.
func (a *Allowance) Reading() *readlimit.Account { return a.networks[0].reading }

// QueueBudget is what waits for the clients of the address together.
func (a *Allowance) QueueBudget() *QueueBudget { return a.networks[0].queueBudget }

// Reserve counts a subscription that is about to begin and takes so many bytes of memory, or refuses it with ErrTooManySubscriptions. Settle must follow.
func (a *Allowance) Reserve(bytes int) error {
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	for _, counted := range a.networks {
		if err := a.guard.checkUsage(counted, bytes); err != nil {
			return err
		}
	}
	one := Usage{Subscriptions: 1, Bytes: bytes}
	a.reserved = a.reserved.plus(one)
	a.settle(a.usage.plus(one))
	return nil
}

// Settle takes it that nothing is about to begin, and asks what the connection has in truth: under the guard's lock, so that the last answer is the newest.
func (a *Allowance) Settle(usage func() Usage) {
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	a.reserved = Usage{}
	a.settle(usage())
}

// Recount asks what the connection has besides what is perhaps about to begin. It may be called from any goroutine, even after Leave.
func (a *Allowance) Recount(usage func() Usage) {
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	if !a.closed {
		a.settle(usage().plus(a.reserved))
	}
}

// Close closes the account.
func (a *Allowance) Close() {
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	a.closed = true
	a.settle(Usage{})
	a.guard.release(a.networks)
}

// settle is called under the lock.
func (a *Allowance) settle(usage Usage) {
	for _, counted := range a.networks {
		counted.usage = counted.usage.plus(usage).minus(a.usage)
	}
	a.usage = usage
}
