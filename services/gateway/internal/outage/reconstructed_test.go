package outage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

// The cases here are reconstructed: starts, durations and numbers of probes are what Disco's authors published of the years 2014 to 2016; the events, how many
// probes were not hit, and the rest of the network are invented.
type reconstructed struct {
	name     string
	at       string
	probes   int // of the rest of the network
	networks []reconstructedNetwork
	minutes  int
	want     []Kind // one for each time at which something was hit
}

type reconstructedNetwork struct {
	country string
	asn     int64
	cell    Cell
	hit, of int
	after   time.Duration // of the first
}

var timeWarner = CellAt(40, -82.9)

var reconstructedCases = []reconstructed{
	{"Time Warner Cable", "2014-08-27T09:28:00Z", 6000, []reconstructedNetwork{
		{"US", 11426, timeWarner, 6, 8, 0}, {"US", 10796, timeWarner, 7, 9, 0}, {"US", 11351, CellAt(42.9, -78.8), 5, 7, 0}, {"US", 20001, CellAt(34, -118.2), 13, 17, 0},
	}, 103, []Kind{KindOutage}},
	{"Amsterdam", "2015-03-27T08:39:00Z", 8000, []reconstructedNetwork{
		{"NL", 3265, CellAt(52.4, 4.9), 30, 40, 0}, {"NL", 1136, CellAt(52.3, 4.7), 20, 60, 0}, {"NL", 33915, CellAt(52.4, 4.8), 16, 30, 0},
	}, 125, []Kind{KindOutage}},
	{"Bhutan, twice", "2016-02-23T06:12:00Z", 9000, []reconstructedNetwork{
		{"BT", 17660, CellAt(27.5, 89.6), 14, 15, 0}, {"BT", 17660, CellAt(27.5, 89.6), 13, 0, 164 * time.Minute},
	}, 60, []Kind{KindOutage, KindOutage}},
	{"Andorra, which is too small to tell", "2016-06-20T12:00:00Z", 9000, []reconstructedNetwork{
		{"AD", 6752, CellAt(42.5, 1.5), 4, 4, 0},
	}, 30, nil},
}

func TestReconstructedOutages(t *testing.T) {
	for _, test := range reconstructedCases {
		t.Run(test.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, test.at)
			if err != nil {
				t.Fatal(err)
			}
			n := newReconstruction(instantOf(at), test.probes)
			hit := n.hit(test)
			found := n.find()
			if len(found) != len(test.want) {
				t.Fatalf("got %s, want %d outages", inJSON(found), len(test.want))
			}
			for i, o := range found {
				if o.Kind != test.want[i] || 10*len(o.Probes) < 9*hit[i] || len(o.Probes) > hit[i]+2 {
					t.Errorf("got %s, want the %d probes of an %s", inJSON(o), hit[i], test.want[i])
				}
				lasted := secondsAfter(instant(o.Start*1000), o.Recovered50).Minutes()
				if o.State != StateOver || lasted < float64(test.minutes)-1 || lasted > float64(test.minutes)+3 {
					t.Errorf("it lasted %v minutes, want about %d", lasted, test.minutes)
				}
			}
		})
	}
}

// On 2015-05-13 two thirds of the probes could not reach the platform, as the exchange in Amsterdam was in trouble: they went on measuring. Disco's list has it
// as two outages, of 2,666 probes and of 2,117 under LK, FR, BG, CA, IT and others.
func TestReconstructedTroubleOfThePlatform(t *testing.T) {
	n := newReconstruction(instantOf(time.Date(2015, 5, 13, 10, 25, 0, 0, time.UTC)), 7500)
	for i, id := range n.ids[:4783] {
		at := n.at + instant(i%120)*second
		n.lose(id, at, 35*minute+instant(i%100)*second)
	}
	found := n.find()
	if len(found) != 1 || found[0].Kind != KindPlatform || len(found[0].Probes) < 4700 {
		t.Fatalf("got %d outages, the first with %d probes", len(found), len(found[0].Probes))
	}
	if lasted := secondsAfter(n.at, found[0].End); lasted < 35*time.Minute || lasted > 38*time.Minute {
		t.Errorf("it lasted %s", lasted)
	}
}

// reconstruction is a network of the past with two days before what happened.
type reconstruction struct {
	at     instant
	random *rand.Rand
	probes map[atlas.ProbeID]ProbeInfo
	ids    []atlas.ProbeID // of the rest of the network
	events []ConnectionEvent
}

func newReconstruction(at instant, probes int) *reconstruction {
	n := &reconstruction{at: at, random: rand.New(rand.NewPCG(1, 2)), probes: map[atlas.ProbeID]ProbeInfo{}}
	for range probes {
		country := n.random.IntN(60)
		cell := CellAt(float64(country), float64(2*country+n.random.IntN(4)))
		n.ids = append(n.ids, n.add(ProbeInfo{Country: fmt.Sprintf("C%d", country), ASN: int64(1 + 5*country + n.random.IntN(5)), Cell: cell, Connected: true}))
	}
	return n
}

func (n *reconstruction) add(p ProbeInfo) atlas.ProbeID {
	id := atlas.ProbeID(len(n.probes) + 1)
	n.probes[id] = p
	for at := n.at - 3*day/2; ; { // once in two days
		at += instant(n.random.ExpFloat64() * float64(48*hour))
		if at > n.at+4*hour {
			return id
		}
		n.lose(id, at, instant(n.random.ExpFloat64()*float64(20*minute)))
	}
}

func (n *reconstruction) lose(id atlas.ProbeID, at, long instant) {
	name := fmt.Sprintf("ctr-%d", id%6)
	n.events = append(n.events, ConnectionEvent{Time: at.time(), Probe: id, Controller: name}, ConnectionEvent{Time: (at + long).time(), Probe: id, Connected: true, Controller: name})
}

// hit loses what is to be lost, and gives how many probes that are each time.
func (n *reconstruction) hit(test reconstructed) (each []int) {
	members := map[int64][]atlas.ProbeID{}
	last := time.Duration(-1)
	for _, hit := range test.networks {
		for range hit.of {
			members[hit.asn] = append(members[hit.asn], n.add(ProbeInfo{Country: hit.country, ASN: hit.asn, Cell: hit.cell, Connected: true}))
		}
		if hit.after != last {
			last, each = hit.after, append(each, 0)
		}
		each[len(each)-1] += hit.hit
		for _, id := range members[hit.asn][:hit.hit] {
			at := n.at + instant(hit.after/time.Millisecond) + instant(n.random.IntN(40))*second
			n.lose(id, at, instant(test.minutes)*minute+instant(n.random.IntN(60))*second)
		}
	}
	return each
}

// find gives what was found from a little before it happened on.
func (n *reconstruction) find() (found []Outage) {
	slices.SortStableFunc(n.events, func(a, b ConnectionEvent) int { return a.Time.Compare(b.Time) })
	d := newDetector(NewRegistry(n.probes), n.at-3*day/2, nil)
	var mark watermark
	for i := range n.events {
		n.events[i].Offset = int64(i)
		mark.take(n.events[i].Probe, instantOf(n.events[i].Time))
		d.take(&n.events[i], mark.at())
	}
	for _, o := range d.outages {
		if o.state != StateWithdrawn {
			found = append(found, o.report())
		}
	}
	return found
}
