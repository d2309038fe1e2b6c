package simulator

import (
	"encoding/json"
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
)

// parsedResult is what the tests read of a result.
type parsedResult struct {
	Measurement atlas.MeasurementID `json:"msm_id"`
	Probe       atlas.ProbeID       `json:"prb_id"`
	Type        string              `json:"type"`
	From        netip.Addr          `json:"from"`
	Timestamp   int64               `json:"timestamp"`
	EndTime     int64               `json:"endtime"`
	Stored      int64               `json:"stored_timestamp"`
	Target      netip.Addr          `json:"dst_addr"`
	Least       float64             `json:"min"`
	Received    int                 `json:"rcvd"`
	Responded   bool                `json:"destination_ip_responded"`
	Result      json.RawMessage     `json:"result"`
	at          time.Time
	probe       *probe
}

type tracerouteHop struct {
	Hop    int
	Result []struct {
		From netip.Addr
		RTT  float64
	}
}

// identity gives what a root server's instance answered, and after how many ms; nothing where there was no answer.
func (r *parsedResult) identity(t *testing.T) (identity string, rt float64) {
	t.Helper()
	if r.Result == nil {
		return "", 0
	}
	var answer struct {
		RT      float64
		Answers []struct{ RDATA []string }
	}
	if err := json.Unmarshal(r.Result, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Answers[0].RDATA[0], answer.RT
}

func (r *parsedResult) hops(t *testing.T) (hops []tracerouteHop) {
	t.Helper()
	if err := json.Unmarshal(r.Result, &hops); err != nil {
		t.Fatal(err)
	}
	return hops
}

// resultsDuring gives the results of a stretch of time, of some types only where such are named.
func resultsDuring(t *testing.T, n *Network, from time.Time, length time.Duration, types ...string) []parsedResult {
	t.Helper()
	probes := map[atlas.ProbeID]*probe{}
	for i := range n.probes {
		probes[n.probes[i].id] = &n.probes[i]
	}
	var results []parsedResult
	for event := range during(n, from, length) {
		if event.Stream != atlas.StreamResult || len(types) > 0 && !slices.Contains(types, typeOf(event)) {
			continue
		}
		r := parsedResult{at: event.Time}
		if err := json.Unmarshal(event.JSON, &r); err != nil {
			t.Fatalf("%v: %s", err, event.JSON)
		}
		r.probe = probes[r.Probe]
		results = append(results, r)
	}
	return results
}

// typeOf reads no more of a result than its type: decoding all of them took most of these tests' time.
func typeOf(event Event) string { return gjson.GetBytes(event.JSON, "type").Str }

// citiesOfInstances returns the city of each instance by its identity.
func citiesOfInstances(n *Network) map[string]*city {
	where := map[string]*city{}
	for _, server := range n.servers {
		for _, site := range server.sites {
			for _, instance := range site.instances {
				where[instance.identity] = site.city
			}
		}
	}
	return where
}

func kmTo(p *probe, to *city) float64 { return greatCircle(p.lat, p.lon, to.lat, to.lon) }

// No answer comes sooner than light in fibre, and most come in reasonable time.
func TestRoundTripTimesFollowDistance(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 25})
	where := citiesOfInstances(n)
	var near, far []float64
	for _, r := range resultsDuring(t, n, start, 8*time.Minute) {
		km, rtt := leastRoundTrip(t, n, where, r)
		if math.IsNaN(rtt) {
			continue
		}
		if floor := roundTripFloor(km); rtt < floor || rtt > 3*floor+400 {
			t.Errorf("measurement %d, probe %d, %.0f km: %v ms", r.Measurement, r.Probe, km, rtt)
		}
		switch {
		case km < 100:
			near = append(near, rtt)
		case km > 8000:
			far = append(far, rtt)
		}
	}
	if near, far := median(near), median(far); !(near < 25) || !(far > 80) {
		t.Errorf("the medians are %v ms within 100 km and %v ms beyond 8,000 km", near, far)
	}
}

// leastRoundTrip gives the ms until a result's target answered first, NaN if it did not, and the distance of its instance. A ping or traceroute does
// not tell which instance answered, so its distance is that of the route in use.
func leastRoundTrip(t *testing.T, n *Network, where map[string]*city, r parsedResult) (km, rtt float64) {
	to := r.probe.routes[kRoot].usual.site.city
	shift := n.shiftOf(newDice(), int64(sinceEpoch(r.at)/time.Hour))
	if shift.moves(r.probe, kRoot, sinceEpoch(r.at)) {
		to = r.probe.routes[kRoot].fallback.site.city
	}
	rtt = math.NaN()
	switch {
	case r.Type == "ping" && r.Received > 0:
		rtt = r.Least
	case r.Type == "dns" && r.Result != nil:
		identity, answered := r.identity(t)
		if to, rtt = where[identity], answered; to == nil {
			t.Fatalf("no instance has the identity %q", identity)
		}
	case r.Type == "traceroute" && r.Responded:
		hops := r.hops(t)
		if packet := hops[len(hops)-1].Result[0]; packet.From.IsValid() {
			rtt = packet.RTT
		}
	}
	return kmTo(r.probe, to), rtt
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return math.NaN()
	}
	slices.Sort(of)
	return of[len(of)/2]
}

func TestAnycastLeadsMostlyToANearInstance(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 50})
	nearest := 0
	for i := range n.probes {
		p := &n.probes[i]
		for s := range n.servers {
			if p.routes[s].usual.site == sitesByDistance(p, n.servers[s].sites)[0].site {
				nearest++
			}
		}
	}
	if share := float64(nearest) / float64(len(n.probes)*len(n.servers)); share < 0.75 || share > 0.87 {
		t.Errorf("%.3f of the probes' root servers answer at the nearest site", share)
	}
}

func TestTraceroutesArePlausible(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 20})
	privateFirst, silent, count := 0, 0, 0
	for _, r := range resultsDuring(t, n, start, 30*time.Minute, "traceroute") {
		if r.EndTime < r.Timestamp || r.EndTime > r.Stored {
			t.Fatalf("probe %d: from %d to %d, stored at %d", r.Probe, r.Timestamp, r.EndTime, r.Stored)
		}
		hops := r.hops(t)
		last := hops[len(hops)-1]
		if !r.Responded {
			if last.Hop != lastHop {
				t.Errorf("probe %d: no answer, and the last hop is %d", r.Probe, last.Hop)
			}
			continue
		}
		count++
		if hops[0].Result[0].From.IsPrivate() {
			privateFirst++
		}
		for i, hop := range hops {
			if hop.Hop != i+1 {
				t.Errorf("probe %d: hop %d is at index %d", r.Probe, hop.Hop, i+1)
			}
			for _, packet := range hop.Result {
				if !packet.From.IsValid() {
					silent++
				}
			}
		}
		if reply := last.Result[0].From; reply.IsValid() && reply != r.Target {
			t.Errorf("probe %d: the path to %s ends at %s", r.Probe, r.Target, reply)
		}
		if rising, of := risingHops(hops); rising < of*6/10 {
			t.Errorf("probe %d: times rise over %d of %d hops", r.Probe, rising, of)
		}
	}
	if count == 0 || privateFirst*10 < count*5 || silent == 0 {
		t.Errorf("of %d traceroutes %d begin at a private address; %d packets had no answer", count, privateFirst, silent)
	}
}

// risingHops counts the steps from one answering hop to the next over which the least time rises, or falls by less than what jitter does.
func risingHops(hops []tracerouteHop) (rising, of int) {
	const noise = 3 // ms
	last := 0.0
	for _, hop := range hops {
		least := math.Inf(1)
		for _, packet := range hop.Result {
			if packet.From.IsValid() {
				least = min(least, packet.RTT)
			}
		}
		if math.IsInf(least, 1) {
			continue
		}
		of++
		if least > last-noise {
			rising++
		}
		last = least
	}
	return rising, of
}

func TestProbesArePlausible(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 50, Probes: 2000})
	countries, anchors, translated := map[string]int{}, 0, 0
	for i := range n.probes {
		p := &n.probes[i]
		countries[p.city.country]++
		if p.kind.anchor {
			anchors++
		}
		if p.source != p.v4 {
			translated++
		}
		if !p.provider.v4.Contains(p.v4) || p.v6.IsValid() && !p.provider.v6.Contains(p.v6) || p.v4.IsPrivate() {
			t.Errorf("probe %d of AS%d has %s and %s", p.id, p.provider.asn, p.v4, p.v6)
		}
		if km := kmTo(p, p.city); km > 20 {
			t.Errorf("probe %d is %.0f km from %s", p.id, km, p.city.name)
		}
	}
	if len(countries) < 55 || countries["DE"] < 150 || anchors < 100 || translated < 1000 {
		t.Errorf("%d countries, %d probes in Germany, %d anchors, %d behind a router that translates", len(countries), countries["DE"], anchors, translated)
	}
}

func TestEveryPlaceHasProvidersAndEveryCityItsCode(t *testing.T) {
	airports := map[string]bool{}
	for _, p := range cities {
		if len(providers[p.country]) == 0 {
			t.Errorf("%s: no provider in %s", p.name, p.country)
		}
		if airports[p.airport] {
			t.Errorf("%s is listed twice", p.airport)
		}
		airports[p.airport] = true
	}
	for country, all := range providers {
		for _, provider := range all {
			if provider.v4 != provider.v4.Masked() || provider.v6 != provider.v6.Masked() || !provider.v4.Addr().Is4() || !provider.v6.Addr().Is6() {
				t.Errorf("%s: AS%d announces %s and %s", country, provider.asn, provider.v4, provider.v6)
			}
		}
	}
}
