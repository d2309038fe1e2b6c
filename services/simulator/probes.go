package simulator

import (
	"net/netip"
	"slices"

	"atlasstream/pkg/atlas"
)

// probe is a vantage point of the network.
type probe struct {
	index      int64 // its number within the network, from 0
	id         atlas.ProbeID
	kind       *probeKind
	city       *city
	lat, lon   float64 // degrees
	provider   *provider
	v4         netip.Addr // its public address
	v6         netip.Addr // invalid if it has none
	source     netip.Addr // its own address: a private one behind a router with NAT
	gateway    netip.Addr // its first hop
	access     float64    // ms, there and back over its line to the provider
	jitter     float64    // ms, the mean that comes on top
	controller string
	routes     []routes // to each root server, in their order
}

// probeKind is a generation of probes. Firmware and its version are pairs from real results.
type probeKind struct {
	share                   float64 // of the network
	firstID, lastID         int
	firmware                int
	version                 string
	anchor                  bool
	leastAccess, mostAccess float64 // ms
	tags                    []string
}

var probeKinds = []probeKind{
	{0.55, 10_001, 35_999, 5080, "2.6.2", false, 1, 22, []string{"system-v3", "home"}},
	{0.20, 50_001, 65_999, 5100, "2.6.4", false, 1, 18, []string{"system-v4", "home"}},
	{0.15, 1_000_001, 1_012_999, 5120, "2.6.4", false, 0.5, 15, []string{"system-software"}},
	{0.10, 6_001, 7_599, 5120, "2.6.4", true, 0.1, 0.6, []string{"system-anchor", "datacentre"}},
}

var controllers = []string{"ctr-ams01", "ctr-ams05", "ctr-ams09", "ctr-fnc02", "ctr-fnc07", "ctr-nue04", "ctr-nue15", "ctr-sin03"}

// privateNetworks are those that home routers come with.
var privateNetworks = []netip.Prefix{
	netip.MustParsePrefix("192.168.1.0/24"),
	netip.MustParsePrefix("192.168.0.0/24"),
	netip.MustParsePrefix("192.168.178.0/24"),
	netip.MustParsePrefix("10.0.0.0/24"),
}

func newProbes(seed uint64, count int, servers []rootServer) []probe {
	probes := make([]probe, count)
	taken := make(map[atlas.ProbeID]bool, count)
	d := newDice()
	for i := range probes {
		d.take(seed, aboutProbe, int64(i))
		p := &probes[i]
		p.index = int64(i)
		p.settle(d)
		p.connect(d)
		p.id = newProbeID(d, p.kind, taken)
		p.routes = findRoutes(d, p, servers)
	}
	return probes
}

// settle chooses the kind and the location of the probe.
func (p *probe) settle(d *dice) {
	const around = 0.12 // degrees, about 13 km
	p.kind = randomKind(d)
	p.city = randomCity(d)
	p.lat = p.city.lat + d.between(-around, around)
	p.lon = p.city.lon + d.between(-around, around)
	p.access = d.between(p.kind.leastAccess, p.kind.mostAccess)
	p.jitter = 0.05 + p.access*d.between(0.01, 0.1)
	p.controller = controllers[d.IntN(len(controllers))]
}

// connect chooses the provider and the addresses of the probe.
func (p *probe) connect(d *dice) {
	const shareWithV6, shareTranslated = 0.5, 0.8
	ofCountry := providers[p.city.country]
	p.provider = &ofCountry[d.IntN(len(ofCountry))]
	p.v4 = randomHost(d, p.provider.v4)
	if p.kind.anchor || d.chance(shareWithV6) {
		p.v6 = randomHost(d, p.provider.v6)
	}
	if p.kind.anchor || !d.chance(shareTranslated) {
		p.source, p.gateway = p.v4, randomHost(d, netip.PrefixFrom(p.v4, 24))
		return
	}
	network := privateNetworks[d.IntN(len(privateNetworks))]
	p.source, p.gateway = randomHost(d, network), network.Addr().Next()
}

func randomKind(d *dice) *probeKind {
	rest := d.Float64()
	for i := range probeKinds {
		if rest -= probeKinds[i].share; rest < 0 {
			return &probeKinds[i]
		}
	}
	return &probeKinds[0]
}

var totalWeight = func() (total int) {
	for i := range cities {
		total += cities[i].weight
	}
	return total
}()

func randomCity(d *dice) *city {
	rest := d.IntN(totalWeight)
	i := 0
	for ; rest >= cities[i].weight; i++ {
		rest -= cities[i].weight
	}
	return &cities[i]
}

func newProbeID(d *dice, kind *probeKind, taken map[atlas.ProbeID]bool) atlas.ProbeID {
	for {
		id := atlas.ProbeID(kind.firstID + d.IntN(kind.lastID-kind.firstID+1))
		if !taken[id] {
			taken[id] = true
			return id
		}
	}
}

func regionsOf(probes []probe) []string {
	var regions []string
	for i := range probes {
		regions = append(regions, probes[i].city.region)
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}
