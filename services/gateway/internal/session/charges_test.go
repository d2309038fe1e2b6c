package session_test

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
	"atlasstream/services/gateway/internal/overload"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// chargedParameters are parameters of all that is charged.
var chargedParameters = []string{
	`{"msm":%d}`, `{"msm":%d,"cursor":""}`, `{"msm":%d,"prb":7}`, `{"msm":%d,"prb":8,"cursor":""}`, `{"msm":%d,"buffering":true,"cursor":""}`,
	`{"msm":%d,"acceptedFields":["prb_id"]}`, `{"msm":%d,"acceptedFields":["result.a"],"cursor":""}`, `{"msm":%d,"buffering":true}`,
	`{"msm":%d,"equalsTo":{"result.a":"1 2 3 4 5 6 7 8 9"}}`, `{"msm":%d,"greaterTo":{"af":4},"cursor":"","enrichProbes":true}`,
	`{"stream_type":"metadata","msm":%d,"equalsTo":{"type":"ping"}}`, `{"stream_type":"probestatus","prb":%d,"cursor":""}`,
	`{"stream_type":"probestatus","greaterTo":{"asn":%d},"cursor":""}`,
}

// chargedHub is a hub with some clients of one address that subscribe at random.
type chargedHub struct {
	*sessiontest.Hub
	*rand.Rand
	clients [6]*session.Session
	asked   [6][]string
}

func (h *chargedHub) joinClient(t *testing.T, n int) {
	var client delivery.Client = &sessiontest.DiscardingClient{}
	if n%2 == 0 {
		client = &sessiontest.DiscardingClient{SessionCursors: true}
	}
	h.clients[n], h.asked[n] = h.MustJoinFrom(t, "192.0.2.1", client), nil
}

func (h *chargedHub) measurement() atlas.MeasurementID { return atlas.MeasurementID(1001 + h.IntN(3)) }

// act does one thing that may change what is charged.
func (h *chargedHub) act(t *testing.T) {
	n := h.IntN(len(h.clients))
	switch h.IntN(12) {
	case 0:
		h.clients[n].Leave()
		h.joinClient(t, n)
	case 1, 2:
		if len(h.asked[n]) > 0 {
			if err := sessiontest.Unsubscribe(t, h.clients[n], h.asked[n][h.IntN(len(h.asked[n]))]); err != nil && !errors.Is(err, session.ErrNotSubscribed) {
				t.Fatal(err)
			}
		}
	case 3:
		measurement := h.measurement()
		h.ChangeMeasurement(atlas.Measurement{ID: measurement, Public: true, Stopped: true})
		h.ChangeMeasurement(atlas.Measurement{ID: measurement, Public: true})
	case 4:
		numbers, measurement := 1<<h.IntN(10), h.measurement()
		for range 100 {
			long := sessiontest.ResultOfLength(numbers)
			long.Measurement = measurement
			h.DeliverResults(long)
		}
	default:
		asked := fmt.Sprintf(chargedParameters[h.IntN(len(chargedParameters))], h.measurement())
		if err := sessiontest.Subscribe(t, h.clients[n], asked); err != nil && !errors.Is(err, session.ErrTooMany) {
			t.Fatal(err)
		}
		h.asked[n] = append(h.asked[n], asked)
	}
}

// expectCharges compares what is charged with what the active subscriptions cost, and gives how many networks are charged.
func (h *chargedHub) expectCharges(t *testing.T) (networks int) {
	t.Helper()
	for _, stream := range []*session.Stream{h.Results, h.Statuses, h.Metadata} {
		for _, partition := range stream.Partitions() {
			got, want := stepsByNetwork(sessiontest.Charged(partition)), stepsByNetwork(h.expectedCharges(partition))
			networks += len(got)
			if !maps.Equal(got, want) {
				t.Fatalf("%v are charged, want %v", got, want)
			}
		}
	}
	return networks
}

// expectedCharges is what the subscriptions of a partition cost.
func (h *chargedHub) expectedCharges(partition *live.Partition) map[atlas.MeasurementID]map[netip.Prefix]cost.Charged {
	fresh := cost.NewTable(1 << 40)
	for _, client := range h.clients {
		for _, active := range client.Actives() {
			if active.Source == partition && active.Charge.Measurement() != nil {
				fresh.Charge(overload.CostOf(active, nil))
			}
		}
	}
	return fresh.Charged()
}

func stepsByNetwork(charged map[atlas.MeasurementID]map[netip.Prefix]cost.Charged) map[string]cost.Steps {
	steps := make(map[string]cost.Steps)
	for measurement, networks := range charged {
		for prefix, of := range networks {
			steps[fmt.Sprint(measurement, prefix)] = of.Steps
		}
	}
	return steps
}

// However subscriptions begin and end, clients are charged for those that they have, and for nothing once they have left.
func TestChargesFollowTheSubscriptions(t *testing.T) {
	for seed := range uint64(40) {
		hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 100, Subscriptions: 30, Steps: 400 + 100*int(seed)}, Cursors: sessiontest.JSONCursors{}})
		charged := &chargedHub{Hub: hub, Rand: rand.New(rand.NewPCG(8, seed))}
		for n := range charged.clients {
			charged.joinClient(t, n)
		}
		for range 200 {
			charged.act(t)
			charged.expectCharges(t)
		}
		for _, client := range charged.clients {
			client.Leave()
		}
		if left := charged.expectCharges(t); left > 0 {
			t.Errorf("%d networks are charged for clients that are gone", left)
		}
	}
}
