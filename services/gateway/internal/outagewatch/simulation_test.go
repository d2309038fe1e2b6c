package outagewatch

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/simulator"
)

// simulatedNetwork is a simulated network of probes with the log of their connections.
type simulatedNetwork struct {
	from    time.Time
	records []atlas.Record
	probes  map[atlas.ProbeID]outage.ProbeInfo
}

// at is how many records there were after so many days.
func (n *simulatedNetwork) at(days float64) int {
	until := n.from.Add(time.Duration(days * float64(24*time.Hour)))
	return slices.IndexFunc(n.records, func(r atlas.Record) bool { return r.Time.After(until) })
}

// simulate makes a network some of whose events are late in the log, and some of whose clocks are fast.
func simulate(t *testing.T, probes, days int) *simulatedNetwork {
	t.Helper()
	simulated, err := simulator.New(simulator.Config{Seed: 5, Probes: probes, Rate: simulator.MinRate})
	if err != nil {
		t.Fatal(err)
	}
	n := &simulatedNetwork{from: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), probes: map[atlas.ProbeID]outage.ProbeInfo{}}
	objects, err := simulated.ProbeObjects(n.from)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		p, err := atlas.ParseProbe(object)
		if err != nil {
			t.Fatal(err)
		}
		n.probes[p.ID] = outage.ProbeOf(&p)
	}
	random := rand.New(rand.NewPCG(1, 2))
	arrived := map[int64]time.Time{}
	for event := range simulated.Connections(n.from) {
		if event.Time.After(n.from.AddDate(0, 0, days)) {
			break
		}
		parsed, err := atlas.ParseProbeStatus(event.JSON)
		if err != nil {
			t.Fatal(err)
		}
		id := int64(len(n.records))
		arrived[id] = event.Time
		switch random.IntN(40) {
		case 0:
			arrived[id] = arrived[id].Add(time.Duration(random.Int64N(int64(3 * time.Hour))))
		case 1:
			parsed.Time = parsed.Time.Add(time.Duration(random.Int64N(int64(10 * time.Minute)))).Truncate(time.Second)
		}
		n.records = append(n.records, atlas.Record{Event: parsed, Position: atlas.Position{Offset: id}})
	}
	slices.SortStableFunc(n.records, func(a, b atlas.Record) int { return arrived[a.Position.Offset].Compare(arrived[b.Position.Offset]) })
	for i := range n.records {
		n.records[i].Position.Offset = int64(i)
	}
	return n
}

// disconnects makes events of so many probes that disconnect a second after each other.
func disconnects(from atlas.ProbeID, count int, at time.Time) (records []atlas.Record) {
	for i := range count {
		id := from + atlas.ProbeID(i)
		records = append(records, atlas.Record{Event: atlas.Event{
			Stream: atlas.StreamProbeStatus, Probe: id, Time: at.Add(time.Duration(i) * time.Second),
			Value: fmt.Appendf(nil, `{"event":"disconnect","prb_id":%d,"controller":"ctr-%d"}`, id, id%8),
		}})
	}
	return records
}

// simulateLong makes a network whose events cost 128 messages in all.
func simulateLong(t *testing.T) *simulatedNetwork {
	n := simulate(t, 60, 3)
	padding := strings.Repeat(" ", 32<<20/len(n.records))
	for i := range n.records {
		n.records[i].Value = append(n.records[i].Value, padding...)
	}
	return n
}
