package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"atlasstream/pkg/clientip"
	"atlasstream/services/gateway/internal/readlimit"
)

var (
	// ErrTooManyConnections refuses a connection from an address that has as many as it may.
	ErrTooManyConnections = errors.New("too many connections")
	// ErrTooManySubscriptions refuses a subscription from an address that has as many as it may.
	ErrTooManySubscriptions = errors.New("too many subscriptions")
	// ErrTooManyMessages refuses what comes from an address that has said as much as it may.
	ErrTooManyMessages = errors.New("too many messages")
)

const (
	// burstSeconds is how long a client may have been silent and say at once what it could have said meanwhile: many begin with all their subscriptions.
	// An address without connections is remembered for so long, or coming back would give it another burst.
	burstSeconds = 10
	// maxRemembered bounds how many addresses without connections are remembered. Further ones are forgotten at once.
	maxRemembered = 10_000
)

// Limits bound an address and each of its connections. An IPv6 address counts as its /64, and all of a /48 have clientip.SiteFactor times as much together.
type Limits struct {
	Connections        int // of an address at once
	Subscriptions      int // of an address at once
	SubscriptionBytes  int // of memory that these take
	QueuedBytes        int // that wait for the clients of an address together; 0 for any number
	Messages           int // of an address a second, with a burst of ten seconds' worth
	ConnectionMessages int // of one connection a second, likewise
}

// Guard keeps addresses within their limits. Its methods may be called from any goroutine.
type Guard struct {
	limits  Limits
	metrics *metrics
	reading *readlimit.Metrics

	mu         sync.Mutex
	addresses  map[netip.Prefix]*address
	remembered int // of them, those that nobody holds
}

// address is what is known of an address, or of a wider network. It is guarded by the guard's lock, but for messages, which has its own.
type address struct {
	network     clientip.Network
	references  int // connections and allowances
	connections int
	usage       Usage // of all connections together
	messages    *rate.Limiter
	reading     *readlimit.Account
	queueBudget *QueueBudget
	forget      *time.Timer // runs while nobody holds the address
}

// NewGuard makes a guard and registers what it counts.
func NewGuard(limits Limits, registerer prometheus.Registerer) *Guard {
	guard := &Guard{limits: limits, addresses: make(map[netip.Prefix]*address), reading: readlimit.NewMetrics(registerer)}
	guard.metrics = newMetrics(registerer, guard.count)
	return guard
}

// networks are those that a client is counted in, the narrowest first.
type networks []*address

// AddConnection counts a connection of the client at remote, host:port, or refuses it with ErrTooManyConnections. leave must be called once when the connection
// is gone.
func (g *Guard) AddConnection(remote string) (leave func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := g.find(remote)
	for _, counted := range from {
		if counted.connections >= g.limits.Connections*counted.network.Factor {
			g.metrics.connections.Inc()
			return nil, fmt.Errorf("%w: there are %d from %s, and no more are allowed", ErrTooManyConnections, counted.connections, counted.network.Describe())
		}
	}
	for _, counted := range from {
		counted.connections++
	}
	g.retain(from)
	return func() { g.removeConnection(from) }, nil
}

func (g *Guard) removeConnection(from networks) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, counted := range from {
		counted.connections--
	}
	g.release(from)
}

func (g *Guard) count() float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return float64(len(g.addresses))
}

// find gives the networks of the client at remote, which must be held then if they are new. It is called under the lock.
func (g *Guard) find(remote string) networks {
	var from networks
	var wider address // its accounts
	for _, network := range slices.Backward(clientip.Networks(clientip.Of(remote))) {
		known := g.addresses[network.Prefix]
		if known == nil {
			messages := bucket(g.limits.Messages * network.Factor)
			known = &address{network: network, messages: messages, reading: readlimit.NewAccount(messages, wider.reading, g.reading)}
			known.queueBudget = &QueueBudget{maxBytes: int64(g.limits.QueuedBytes) * int64(network.Factor), wider: wider.queueBudget}
		}
		from, wider = append(from, known), address{reading: known.reading, queueBudget: known.queueBudget}
	}
	slices.Reverse(from) // the narrowest first
	return from
}

// allow counts so many messages in every network, or tells that they are too many. The narrowest comes first: what one address is refused costs its neighbours
// nothing.
func (n networks) allow(at time.Time, count int) bool {
	for _, counted := range n {
		if !counted.messages.AllowN(at, count) {
			return false
		}
	}
	return true
}

// burst is how many messages may come at once from all of the networks.
func (n networks) burst() int {
	most := math.MaxInt
	for _, counted := range n {
		most = min(most, counted.messages.Burst())
	}
	return most
}

// retain keeps networks in memory. It is called under the lock.
func (g *Guard) retain(held networks) {
	for _, counted := range held {
		g.retainOne(counted)
	}
}

func (g *Guard) retainOne(held *address) {
	held.references++
	if held.references > 1 {
		return
	}
	g.addresses[held.network.Prefix] = held
	if held.forget != nil {
		held.forget.Stop() // if it is too late for that, the timer finds the address held
		held.forget = nil
		g.remembered--
	}
}

// release is called under the lock.
func (g *Guard) release(held networks) {
	for _, counted := range held {
		g.releaseOne(counted)
	}
}

func (g *Guard) releaseOne(held *address) {
	held.references--
	if held.references > 0 {
		return
	}
	if g.remembered >= maxRemembered {
		delete(g.addresses, held.network.Prefix)
		return
	}
	g.remembered++
	held.forget = time.AfterFunc(burstSeconds*time.Second, func() { g.forget(held) })
}

func (g *Guard) forget(left *address) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if left.forget != nil { // nobody holds it
		left.forget = nil
		g.remembered--
		delete(g.addresses, left.network.Prefix)
	}
}

// bucket limits messages to so many a second.
func bucket(perSecond int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), burstSeconds*perSecond)
}
