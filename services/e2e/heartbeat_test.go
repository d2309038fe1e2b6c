package e2e

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

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
	listeners := fallBehind(t, here, source)
	pass(t.Context(), interval+time.Second)
	if there := here.metric(t, "atlas_gateway_clients"); int(there) != len(listeners) {
		t.Errorf("%v clients are left of %d", there, len(listeners))
	}
	if err := source.write(t.Context(), 1, true); err != nil {
		t.Fatal(err)
	}
	listenToTheEnd(t, listeners)()
}

// fallBehind subscribes at every entrance to what the source writes, and has it write until all are behind, as nobody reads.
func fallBehind(t *testing.T, gateway *house, source *source) (listeners []*listener) {
	t.Helper()
	for _, entrance := range entrances {
		l := mustSubscribe(t, entrance, arrival{gateway: gateway.public, parameters: json.RawMessage(`{"msm":1001}`)})
		listeners = append(listeners, (&stall{}).listener(t.Context(), l, entrance.name))
	}
	eventually(t, "all are behind", func() bool {
		if err := source.write(t.Context(), 500, false); err != nil {
			t.Fatal(err)
		}
		return int(gateway.metric(t, "atlas_gateway_behind_clients")) == len(listeners) || int(gateway.metric(t, "atlas_gateway_clients")) < len(listeners)
	})
	return listeners
}

// listenToTheEnd has all of them read, and gives what waits until each has heard the last result.
func listenToTheEnd(t *testing.T, listeners []*listener) (wait func()) {
	t.Helper()
	var listening sync.WaitGroup
	for _, listener := range listeners {
		listening.Go(func() {
			if err := listener.listen(); err != nil {
				t.Error(err)
			}
		})
	}
	return listening.Wait
}
