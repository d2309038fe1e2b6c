package matrix

import (
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// webSocketClients are the clients that use a WebSocket only, by name.
var webSocketClients = map[string]func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client{
	"socket.io-client 1.4.8": func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client {
		return realclient.StartNode(t, cluster, "1.4", "websocket")
	},
	"socket.io-client 1.7.4": func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client {
		return realclient.StartNode(t, cluster, "1.7", "websocket")
	},
	"socket.io-client 2.5.0": func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client {
		return realclient.StartNode(t, cluster, "2.5", "websocket")
	},
	"socket.io-client 3.1.3": func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client {
		return realclient.StartNode(t, cluster, "3.1", "websocket")
	},
	"socket.io-client 4.8.4": func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client {
		return realclient.StartNode(t, cluster, "4.8", "websocket")
	},
	"WebSocket": realclient.DialWebSocket,
}

// realResults reads all real results of the project.
func realResults(t *testing.T) []atlas.Event {
	t.Helper()
	var events []atlas.Event
	for _, name := range []string{"dns", "http", "ntp", "ping", "sslcert", "traceroute", "wifi"} {
		for _, row := range sample.RealRows(t, name) {
			event, err := atlas.ParseResult(row)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, event)
		}
	}
	return events
}

// expected is what a subscriber of each measurement must receive: its results in the order of posting, without repeats.
func expected(events []atlas.Event) map[atlas.MeasurementID][][]byte {
	seen := map[atlas.EventID]bool{}
	wanted := map[atlas.MeasurementID][][]byte{}
	for _, event := range events {
		if !seen[event.ID] {
			seen[event.ID] = true
			wanted[event.Measurement] = append(wanted[event.Measurement], event.Value)
		}
	}
	return wanted
}

// Every client receives exactly the real results of its measurements, once, in order and unchanged.
func TestRealClientsReceiveExactlyWhatIsPosted(t *testing.T) {
	events := realResults(t)
	for measurement := range expected(events) { // a repeat of an earlier result would arrive before it
		last, err := atlas.ParseResult(sample.Numbered(measurement, 1))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, last)
	}
	wanted := expected(events)
	for broker, start := range testcluster.Brokers {
		t.Run(broker, func(t *testing.T) {
			cluster := testcluster.Start(t, start(t))
			clients := map[string]*realclient.Client{}
			for name, connect := range webSocketClients {
				clients[name] = connect(t, cluster)
				for measurement := range wanted {
					clients[name].Subscribe(t, int64(measurement))
				}
			}
			for batch := events; len(batch) > 0; {
				size := min(1000, len(batch))
				lines := make([][]byte, size)
				for i := range lines {
					lines[i] = batch[i].Value
				}
				cluster.MustPost(t, lines...)
				batch = batch[size:]
			}
			for name, client := range clients {
				t.Run(name, func(t *testing.T) { expectResults(t, client, wanted) })
			}
		})
	}
}

// expectResults reads as many results as are wanted, and compares them by measurement. The order between measurements is not defined.
func expectResults(t *testing.T, c *realclient.Client, wanted map[atlas.MeasurementID][][]byte) {
	t.Helper()
	count := 0
	for _, results := range wanted {
		count += len(results)
	}
	received := map[atlas.MeasurementID][][]byte{}
	for range count {
		event, payload := c.Next(t)
		if event != "atlas_result" {
			t.Fatalf("received %s %s", event, payload)
		}
		result, err := atlas.ParseResult(payload)
		if err != nil {
			t.Fatal(err)
		}
		received[result.Measurement] = append(received[result.Measurement], payload)
	}
	for measurement, results := range wanted {
		if err := sample.Same(received[measurement], results); err != nil {
			t.Errorf("measurement %d: %v", measurement, err)
		}
	}
}
