// Package peers knows the other gateways: those of a list, or those that a name in the DNS has, which are looked up again and again.
//
//   - peers.go: who they are, and which of them this gateway is.
//   - lookup.go: looking them up, bounded in rate.
//   - source.go: the setting that names them.
//   - own.go: the addresses of this machine.
package peers

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Settings are what peers are found by.
type Settings struct {
	Sources []string       // host:port with an IP address, or dns:name:port
	Listen  netip.AddrPort // where this gateway listens for them; of a wildcard address, those of the machine count
	Logger  *zap.Logger
	// LookUp gives the addresses of a name; net.DefaultResolver's if it is nil.
	LookUp func(ctx context.Context, name string) ([]netip.Addr, error)
}

// Peers are the gateways of a cluster, as they are known now.
type Peers struct {
	sources []source
	own     ownAddresses
	lookUp  func(ctx context.Context, name string) ([]netip.Addr, error)
	logger  *zap.Logger
	metrics *metrics
	wanted  chan struct{} // has an element when somebody waits for a look-up

	mu     sync.Mutex
	next   chan struct{} // closed once a look-up that has not begun yet has ended
	self   netip.AddrPort
	others []netip.AddrPort // sorted; replaced when it changes
	absent int              // look-ups in a row that had not this gateway itself
}

// New makes peers, which knows those of a list at once, and those of a name once Watch has looked it up. The error is a fault of Sources.
func New(settings Settings, registerer prometheus.Registerer) (*Peers, error) {
	sources, err := parseSources(settings.Sources)
	if err != nil {
		return nil, err
	}
	own, err := newOwnAddresses(settings.Listen)
	if err != nil {
		return nil, err
	}
	p := &Peers{
		sources: sources, own: own, lookUp: settings.LookUp, logger: settings.Logger,
		wanted: make(chan struct{}, 1), next: make(chan struct{}), self: own.guess(),
	}
	if p.lookUp == nil {
		p.lookUp = lookUpInDNS
	}
	p.metrics = newMetrics(registerer, func() float64 { return float64(len(p.Others())) })
	p.update()
	return p, nil
}

// Self is the address by which the others know this gateway.
func (p *Peers) Self() netip.AddrPort {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.self
}

// Others are the addresses of the other gateways. The caller must not change the slice.
func (p *Peers) Others() []netip.AddrPort {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.others
}

// Find returns the first of the other gateways for which is returns true. If there is none, it waits for a further look-up, and asks again.
func (p *Peers) Find(ctx context.Context, is func(netip.AddrPort) bool) (peer netip.AddrPort, found bool) {
	if peer, found = first(p.Others(), is); found || !p.mayChange() {
		return peer, found
	}
	p.awaitLookup(ctx)
	return first(p.Others(), is)
}

func first(peers []netip.AddrPort, is func(netip.AddrPort) bool) (peer netip.AddrPort, found bool) {
	if i := slices.IndexFunc(peers, is); i >= 0 {
		return peers[i], true
	}
	return netip.AddrPort{}, false
}

// update takes what the sources have now.
func (p *Peers) update() {
	var all []netip.AddrPort
	for i := range p.sources {
		all = append(all, p.sources[i].addresses...)
	}
	slices.SortFunc(all, netip.AddrPort.Compare)
	all = slices.Compact(all)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.findSelf(all)
	others := slices.DeleteFunc(all, p.own.have)
	if !slices.Equal(others, p.others) {
		p.logger.Info("peers", zap.Stringers("addresses", others), zap.Stringer("own", p.self))
		p.others = others
	}
}

// absentLookups is after how many look-ups without this gateway that is told: a new one is not in the DNS at once.
const absentLookups = 3

// findSelf finds this gateway among all. It is called under the lock.
func (p *Peers) findSelf(all []netip.AddrPort) {
	if self, found := first(all, p.own.have); found {
		p.self, p.absent = self, 0
		return
	}
	p.absent++
	if p.absent == absentLookups || !p.mayChange() {
		p.logger.Warn("this gateway is none of --peers, so that the others cannot pass on requests for its sessions; "+
			"want --peer-listen to have the port and, unless it is for all interfaces, the address that is in --peers",
			zap.Stringer("own", p.self), zap.Stringers("peers", all))
	}
}
