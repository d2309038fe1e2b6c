package session

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/subscription"
)

// wishes are parameters of all that is charged.
var wishes = []string{
	`{"msm":%d}`, `{"msm":%d,"cursor":""}`, `{"msm":%d,"prb":7}`, `{"msm":%d,"prb":8,"cursor":""}`, `{"msm":%d,"buffering":true,"cursor":""}`,
	`{"msm":%d,"acceptedFields":["prb_id"]}`, `{"msm":%d,"acceptedFields":["result.a"],"cursor":""}`, `{"msm":%d,"buffering":true}`,
	`{"msm":%d,"equalsTo":{"result.a":"1 2 3 4 5 6 7 8 9"}}`, `{"msm":%d,"greaterTo":{"af":4},"cursor":"","enrichProbes":true}`,
	`{"stream_type":"metadata","msm":%d,"equalsTo":{"type":"ping"}}`, `{"stream_type":"probestatus","prb":%d,"cursor":""}`,
	`{"stream_type":"probestatus","greaterTo":{"asn":%d},"cursor":""}`,
}

// exhibit is a house with some clients of one address, who ask for whatever comes to their minds.
type exhibit struct {
	*house
	*rand.Rand
	clients [6]*Session
	asked   [6][]string
}

func (e *exhibit) joinClient(t *testing.T, n int) {
	var client delivery.Client = &sink{}
	if n%2 == 0 {
		client = &remembering{}
	}
	e.clients[n], e.asked[n] = e.from(t, attacker, client), nil
}

func (e *exhibit) measurement() atlas.MeasurementID { return atlas.MeasurementID(1001 + e.IntN(3)) }

// act does one thing that may change what is charged.
func (e *exhibit) act(t *testing.T) {
	n := e.IntN(len(e.clients))
	switch e.IntN(12) {
	case 0:
		e.clients[n].Leave()
		e.joinClient(t, n)
	case 1, 2:
		if len(e.asked[n]) > 0 {
			if err := unsubscribe(t, e.clients[n], e.asked[n][e.IntN(len(e.asked[n]))]); err != nil && !errors.Is(err, ErrNotSubscribed) {
				t.Fatal(err)
			}
		}
	case 3:
		measurement := e.measurement()
		e.change(atlas.Measurement{ID: measurement, Public: true, Stopped: true})
		e.change(atlas.Measurement{ID: measurement, Public: true})
	case 4:
		numbers, measurement := 1<<e.IntN(10), e.measurement()
		for range 100 {
			long := ofLength(numbers)
			long.Measurement = measurement
			e.deliver(long)
		}
	default:
		asked := fmt.Sprintf(wishes[e.IntN(len(wishes))], e.measurement())
		if err := try(t, e.clients[n], asked); err != nil && !errors.Is(err, ErrTooMany) {
			t.Fatal(err)
		}
		e.asked[n] = append(e.asked[n], asked)
	}
}

// expectCharges compares what is charged with what the subscriptions cost that there are.
func (e *exhibit) expectCharges(t *testing.T) (networks int) {
	t.Helper()
	for _, source := range []*Source{e.results, e.statuses, e.metadata} {
		for _, partition := range source.all() {
			got, want := stepsByNetwork(partition.Charged()), stepsByNetwork(e.reckon(partition))
			networks += len(got)
			if !maps.Equal(got, want) {
				t.Fatalf("%v are charged, want %v", got, want)
			}
		}
	}
	return networks
}

// reckon is what the subscriptions of a partition cost.
func (e *exhibit) reckon(partition *live.Partition) map[atlas.MeasurementID]map[netip.Prefix]cost.Charged {
	fresh := cost.NewTable(1 << 40)
	for _, client := range e.clients {
		for _, active := range client.set.all() {
			if active.Source == partition && active.Charge.Measurement() != nil {
				fresh.Charge(active.Cost())
			}
		}
	}
	return fresh.Charged()
}

func stepsByNetwork(charged map[atlas.MeasurementID]map[netip.Prefix]cost.Charged) map[string]subscription.Cost {
	steps := make(map[string]subscription.Cost)
	for measurement, networks := range charged {
		for prefix, of := range networks {
			steps[fmt.Sprint(measurement, prefix)] = of.Steps
		}
	}
	return steps
}

// Whatever clients do, and whatever ends their subscriptions, they are charged for what they have, and for nothing once they are gone.
func TestChargesFollowTheSubscriptions(t *testing.T) {
	for seed := range uint64(40) {
		house := newHouseWith(Settings{Limits: Limits{Clients: 100, Subscriptions: 30, Steps: 400 + 100*int(seed)}, Cursors: plainCursors{}})
		exhibit := &exhibit{house: house, Rand: rand.New(rand.NewPCG(8, seed))}
		for n := range exhibit.clients {
			exhibit.joinClient(t, n)
		}
		for range 200 {
			exhibit.act(t)
			exhibit.expectCharges(t)
		}
		for _, client := range exhibit.clients {
			client.Leave()
		}
		if left := exhibit.expectCharges(t); left > 0 {
			t.Errorf("%d networks are charged for clients that are gone", left)
		}
	}
}
