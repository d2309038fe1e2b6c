package stack

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"atlasstream/services/collector"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// A user who starts it for the first time sees no warning, and reads at the end of the log which address to open.
func TestTheLogEndsWithTheAddressToOpen(t *testing.T) {
	core, log := observer.New(zap.InfoLevel)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	c := Config{
		Listen: ":0", Ingest: "127.0.0.1:0", GRPC: "127.0.0.1:0", Admin: "127.0.0.1:0", KafkaListen: "127.0.0.1:0",
		Simulate: true, SimulatedNetwork: collector.SimulatedNetwork{Rate: 50, Seed: 1}, Past: time.Minute,
	}
	go func() { ended <- Run(ctx, c, zap.New(core)) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	url := awaitAddress(t, log)
	for _, line := range log.All() {
		if line.Level > zap.InfoLevel {
			t.Errorf("%s: %s %v", line.Level, line.Message, line.ContextMap())
		}
	}
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
	http.DefaultClient.CloseIdleConnections()
}

// awaitAddress waits until the last line of the log names the address to open.
func awaitAddress(t *testing.T, log *observer.ObservedLogs) (url string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if lines := log.All(); len(lines) > 0 {
			if url, found := strings.CutPrefix(lines[len(lines)-1].Message, "ready, open "); found && strings.HasPrefix(url, "http://localhost:") {
				return url
			}
		}
	}
	t.Fatal("the log does not name the address to open")
	return ""
}
