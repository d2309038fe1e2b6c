package e2e

import (
	"context"
	"encoding/json"
	"net"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/gateway"
)

// Somebody looks for something in Explore: from the form to a filter and a link.
func TestPagesExploreResults(t *testing.T) {
	h := openHouse(t, brokers["embedded"](t))
	usePages(t, "explore", h, map[string]func(json.RawMessage) any{"post": h.posting(t)})
}

// A page says what it has missed while its gateway was away: nothing, or from when to when.
func TestPagesReconnect(t *testing.T) {
	kafka := brokers["embedded"](t)
	h := openHouse(t, kafka)
	g := startGateway(t, gateway.Config{Kafka: kafka, Listener: listen(t), History: gateway.HistoryOpen})
	h.public = g.address
	again := func(key string) func(json.RawMessage) any {
		return func(json.RawMessage) any {
			listener, err := net.Listen("tcp", g.address)
			if err != nil {
				t.Fatal(err)
			}
			g = startGateway(t, gateway.Config{Kafka: kafka, Listener: listener, CursorKey: key, History: gateway.HistoryOpen})
			return nil
		}
	}
	usePages(t, "reconnect", h, map[string]func(json.RawMessage) any{
		"post":  h.posting(t),
		"stop":  func(json.RawMessage) any { g.stop(); return nil },
		"start": again(""),
		"cut": func(before json.RawMessage) any {
			var offset int64
			if err := json.Unmarshal(before, &offset); err != nil {
				t.Fatal(err)
			}
			kafkatest.NewPlain(t, kafka).DeleteBefore(t, eventlog.ResultsTopic, eventlog.PartitionOf(9001, partitions), offset)
			return nil
		},
		"start with another key": again("another secret that seals cursors"),
	})
}

// pageGateway is a gateway that can be stopped before the test ends.
type pageGateway struct {
	address string
	stop    func()
}

func startGateway(t *testing.T, cfg gateway.Config) *pageGateway {
	t.Helper()
	admin := listen(t)
	cfg.AdminListener, cfg.Logger = admin, zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)).Named("gateway")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- gateway.Run(ctx, cfg) }()
	stopped := false
	g := &pageGateway{address: cfg.Listener.Addr().String(), stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("gateway: %v", err)
		}
	}}
	t.Cleanup(g.stop)
	eventually(t, "the gateway is ready", func() bool { return answersOK(admin.Addr().String(), "/readyz") })
	return g
}
