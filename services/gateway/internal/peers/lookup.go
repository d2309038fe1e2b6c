package peers

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

const (
	// lookupInterval is how often names are looked up.
	lookupInterval = 5 * time.Second
	// minLookupInterval is the least time from the end of a look-up to the next one, however many sessions of unknown peers there are.
	minLookupInterval = time.Second
	// lookupTimeout is that of all names together.
	lookupTimeout = 2 * time.Second
)

func (p *Peers) mayChange() bool {
	return slices.ContainsFunc(p.sources, func(s source) bool { return s.name != "" })
}

// Watch looks up the names until ctx ends: every lookupInterval, and earlier if somebody waits for it.
func (p *Peers) Watch(ctx context.Context) {
	if !p.mayChange() {
		return
	}
	for ctx.Err() == nil {
		ended := p.beginLookup()
		p.lookUpAll(ctx)
		close(ended)
		//mutate:peer-lookups-unbounded
		pause := time.After(minLookupInterval)
		select {
		case <-pause:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(lookupInterval - minLookupInterval):
		case <-p.wanted:
		case <-ctx.Done():
		}
	}
}

// beginLookup returns what to close at the end of a look-up: those who began to wait before its beginning wait for it.
func (p *Peers) beginLookup() (ended chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.wanted:
	default:
	}
	ended, p.next = p.next, make(chan struct{})
	return ended
}

// awaitLookup waits for the end of a look-up that has not begun yet, or of ctx.
func (p *Peers) awaitLookup(ctx context.Context) {
	p.mu.Lock()
	ended := p.next
	p.mu.Unlock()
	select {
	case p.wanted <- struct{}{}:
	default:
	}
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

// lookUpAll leaves the addresses of a name that cannot be looked up as they are.
func (p *Peers) lookUpAll(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	for i := range p.sources {
		source := &p.sources[i]
		if source.name == "" {
			continue
		}
		found, err := p.lookUp(limited, source.name)
		switch {
		case err == nil:
			p.metrics.lookups.WithLabelValues("answered").Inc()
			source.take(found)
		case ctx.Err() != nil:
			return
		default:
			p.metrics.lookups.WithLabelValues("failed").Inc()
			p.logFailure(source, err)
		}
	}
	p.update()
}

func (s *source) take(found []netip.Addr) {
	s.addresses, s.failed = nil, false
	for _, address := range found {
		s.addresses = append(s.addresses, plain(netip.AddrPortFrom(address, s.port)))
	}
}

// logFailure logs the first of several failures in a row.
func (p *Peers) logFailure(s *source, err error) {
	if !s.failed {
		p.logger.Warn("peers cannot be looked up; those from before stay", zap.String("name", s.name), zap.Error(err))
	}
	s.failed = true
}

func lookUpInDNS(ctx context.Context, name string) ([]netip.Addr, error) {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err == nil && len(found) == 0 {
		err = errors.New("the name has no address")
	}
	return found, err
}

type metrics struct{ lookups *prometheus.CounterVec }

func newMetrics(registerer prometheus.Registerer, others func() float64) *metrics {
	m := &metrics{lookups: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "atlas_gateway_peer_lookups_total", Help: "Look-ups of the names of --peers, by result: answered or failed.",
	}, []string{"result"})}
	for _, result := range []string{"answered", "failed"} {
		m.lookups.WithLabelValues(result) // so that the first one shows as an increase
	}
	registerer.MustRegister(m.lookups, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_peers", Help: "Other gateways that this one knows.",
	}, others))
	return m
}
