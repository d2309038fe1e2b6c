package main

import (
	"encoding/json"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/gateway"
)

// Heartbeats come due while the queues of clients are full of results. That costs nobody the connection: they come when there is room, and so does the rest.
func TestHeartbeatsOfClientsThatAreBehind(t *testing.T) {
	t.Parallel()
	const interval = 5 * time.Second // enough for the queues to be full when the first is due
	kafka := startEmbedded(t, embedded.Config{}).Addrs()
	openHouse(t, kafka)
	here := openGateway(t, kafka, gateway.Config{QueueBytes: 1 << 20, QueueMessages: 40, PingInterval: interval})
	source := newSource(t, kafka, 1001)
	var listeners []*listener
	for _, entrance := range entrances {
		l := mustSubscribe(t, entrance, arrival{gateway: here.public, parameters: json.RawMessage(`{"msm":1001}`)})
		listeners = append(listeners, (&stall{}).listener(t.Context(), l, entrance.name))
	}
	eventually(t, "all are behind", func() bool {
		if err := source.write(t.Context(), 500, false); err != nil {
			t.Fatal(err)
		}
		return int(here.metric(t, "atlas_gateway_behind_clients")) == len(listeners) || int(here.metric(t, "atlas_gateway_clients")) < len(listeners)
	})
	pass(t.Context(), interval+time.Second)
	if there := here.metric(t, "atlas_gateway_clients"); int(there) != len(listeners) {
		t.Errorf("%v clients are left of %d", there, len(listeners))
	}
	if err := source.write(t.Context(), 1, true); err != nil {
		t.Fatal(err)
	}
	var listening errgroup.Group
	for _, listener := range listeners {
		listening.Go(func() error {
			if err := listener.listen(); err != nil {
				t.Error(err)
			}
			return nil
		})
	}
	_ = listening.Wait() // each has told what went wrong
}
