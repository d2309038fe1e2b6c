// Package ratelimit limits what one network address may use of a gateway.
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
	// ErrTooManyConnections refuses a connection beyond the limit of an address.
	ErrTooManyConnections = errors.New("too many connections")
	// ErrTooManySubscriptions refuses a subscription beyond the limit of an address.
	ErrTooManySubscriptions = errors.New("too many subscriptions")
	// ErrTooManyMessages refuses a message beyond the limit of an address.
	ErrTooManyMessages = errors.New("too many messages")
)

const (
	// burstSeconds is how many seconds' worth of messages a client may send at once: many begin with all their subscriptions.
	// An address without connections is remembered for as long, or reconnecting would give it another burst.
	burstSeconds = 10
	// maxRemembered is how many addresses without connections are remembered. Further ones are deleted at once.
	maxRemembered = 10_000
)

// Limits bound an address and each of its connections. An IPv6 address counts as its /64, and all of a /48 have clientip.SiteFactor times as much together.
type Limits struct {
	Connections        int // of an address at a time
	Subscriptions      int // of an address at a time
	SubscriptionBytes  int // of their memory
	QueuedBytes        int // in the queues of all clients of an address; 0 for no limit
	Messages           int // of an address per second, with a burst of burstSeconds
	ConnectionMessages int // of one connection per second, likewise
}

// Guard enforces the limits of addresses. Its methods may be called from any goroutine.
type Guard struct {
	limits  Limits
	metrics *metrics
	reading *readlimit.Metrics

	mu         sync.Mutex
	addresses  map[netip.Prefix]*address
	remembered int // addresses without references
}

// address is the state of an address, or of a wider network. It is guarded by the guard's lock, but for messages, which has its own.
type address struct {
	network     clientip.Network
	within      []clientip.Network // itself and the wider ones, as all of its clients have them
	references  int                // connections, and messages that are being charged
	connections int
	usage       Usage // of all connections together
	messages    *rate.Limiter
	reading     *readlimit.Account
	queueBudget *QueueBudget
	forget      *time.Timer // runs while there are no references
}

// NewGuard makes a guard and registers its metrics.
func NewGuard(limits Limits, registerer prometheus.Registerer) *Guard {
	guard := &Guard{limits: limits, addresses: make(map[netip.Prefix]*address), reading: readlimit.NewMetrics(registerer)}
	guard.metrics = newMetrics(registerer, guard.addressCount)
	return guard
}

// networks are the networks that a client is counted in, the narrowest first.
type networks []*address

// addConnection counts a connection, or returns ErrTooManyConnections. It is called with the lock held.
func (g *Guard) addConnection(from networks) error {
	for _, counted := range from {
		if counted.connections >= g.limits.Connections*counted.network.Factor {
			g.metrics.connections.Inc()
			return fmt.Errorf("%w: there are %d from %s, and no more are allowed", ErrTooManyConnections, counted.connections, counted.network.Describe())
		}
	}
	for _, counted := range from {
		counted.connections++
	}
	g.retain(from)
	return nil
}

// removeConnection is called with the lock held.
func (g *Guard) removeConnection(from networks) {
	for _, counted := range from {
		counted.connections--
	}
	g.release(from)
}

func (g *Guard) addressCount() float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return float64(len(g.addresses))
}

// networksOf returns the networks of the client at remote, which must be retained if they are new. It is called with the lock held.
func (g *Guard) networksOf(remote string) networks {
	var from networks
	var wider address // its accounts
	all := clientip.Networks(clientip.Of(remote))
	for at, network := range slices.Backward(all) {
		known := g.addresses[network.Prefix]
		if known == nil {
			messages := newLimiter(g.limits.Messages * network.Factor)
			known = &address{network: network, within: all[at:], messages: messages, reading: readlimit.NewAccount(messages, wider.reading, g.reading)}
			known.queueBudget = &QueueBudget{maxBytes: int64(g.limits.QueuedBytes) * int64(network.Factor), wider: wider.queueBudget}
		}
		from, wider = append(from, known), address{reading: known.reading, queueBudget: known.queueBudget}
	}
	slices.Reverse(from) // the narrowest first
	return from
}

// allow charges every network for messages, or returns false beyond a limit. The narrowest is charged first: what one address is refused does not count for its
// neighbours.
func (n networks) allow(at time.Time, count int) bool {
	for _, counted := range n {
		if !counted.messages.AllowN(at, count) {
			return false
		}
	}
	return true
}

// minBurst is the smallest burst of the networks.
func (n networks) minBurst() int {
	most := math.MaxInt
	for _, counted := range n {
		most = min(most, counted.messages.Burst())
	}
	return most
}

// retain adds a reference to networks, which keeps them in memory. It is called with the lock held.
func (g *Guard) retain(all networks) {
	for _, counted := range all {
		g.retainOne(counted)
	}
}

func (g *Guard) retainOne(known *address) {
	known.references++
	if known.references > 1 {
		return
	}
	g.addresses[known.network.Prefix] = known
	if known.forget != nil {
		known.forget.Stop() // if it has fired already, it finds that there is a reference
		known.forget = nil
		g.remembered--
	}
}

// release removes a reference. It is called with the lock held.
func (g *Guard) release(all networks) {
	for _, counted := range all {
		g.releaseOne(counted)
	}
}

func (g *Guard) releaseOne(known *address) {
	known.references--
	if known.references > 0 {
		return
	}
	if g.remembered >= maxRemembered {
		delete(g.addresses, known.network.Prefix)
		return
	}
	g.remembered++
	known.forget = time.AfterFunc(burstSeconds*time.Second, func() { g.forget(known) })
}

func (g *Guard) forget(known *address) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if known.forget != nil { // there is no reference
		known.forget = nil
		g.remembered--
		delete(g.addresses, known.network.Prefix)
	}
}

// newLimiter limits messages per second.
func newLimiter(perSecond int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), burstSeconds*perSecond)
}

// metrics count refusals by limit.
type metrics struct {
	connections, subscriptions, subscriptionBytes, messages prometheus.Counter
}

// newMetrics registers the metrics; addresses returns how many are known.
func newMetrics(registerer prometheus.Registerer, addresses func() float64) *metrics {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "atlas_gateway_refused_total",
		Help: "Connections, subscriptions and messages beyond the limits of an address or, for messages, of a connection.",
	}, []string{"limit"})
	registerer.MustRegister(refused, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_addresses", Help: "Addresses with connections, now or some seconds ago.",
	}, addresses))
	return &metrics{
		connections:       refused.WithLabelValues("connections"),
		subscriptions:     refused.WithLabelValues("subscriptions"),
		subscriptionBytes: refused.WithLabelValues("subscription-bytes"),
		messages:          refused.WithLabelValues("messages"),
	}
}
