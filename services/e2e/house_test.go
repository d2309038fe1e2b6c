package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/services/collector"
	"atlasstream/services/gateway"
)

// patience is how long a test waits for something that should come soon.
const patience = 60 * time.Second

// partitions are those of the topics of results and connections.
const partitions = 8

// house is a collector and a gateway on a broker, each as its own service, joined by Kafka only.
type house struct {
	public, ingest, kafka string   // host:port
	admins                []string // of both services, or of the process that runs both
}

// brokers are what the tests run on: the embedded one and Apache Kafka.
var brokers = map[string]func(t *testing.T) []string{
	"embedded": func(t *testing.T) []string { return startEmbedded(t, embedded.Config{}).Addrs() },
	"apache":   func(t *testing.T) []string { return kafkatest.Start(t, 1).Addrs() },
}

func startEmbedded(t *testing.T, cfg embedded.Config) *embedded.Broker {
	t.Helper()
	broker, err := embedded.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
	})
	return broker
}

// openHouse starts the pair and waits until it is ready.
func openHouse(t *testing.T, kafka []string) *house {
	t.Helper()
	h := buildHouse(t, kafka)
	h.awaitReady(t)
	return h
}

// buildHouse starts the pair, which stops when the test ends.
func buildHouse(t *testing.T, kafka []string) *house {
	t.Helper()
	return buildProtectedHouse(t, kafka, security.Config{}, security.Config{})
}

// buildProtectedHouse is buildHouse for a Kafka that wants to know who collector and gateway are.
func buildProtectedHouse(t *testing.T, kafka []string, ofCollector, ofGateway security.Config) *house {
	t.Helper()
	logger := zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel))
	ingest, grpc, collectorAdmin := listen(t), listen(t), listen(t)
	public, gatewayAdmin := listen(t), listen(t)
	runUntilTheEnd(t, "collector", func(ctx context.Context) error {
		return collector.Run(ctx, collector.Config{
			Kafka: kafka, Security: ofCollector, Listener: ingest, GRPCListener: grpc, AdminListener: collectorAdmin, TopicSettings: collector.TopicSettings{Partitions: partitions}, Logger: logger.Named("collector"),
		})
	})
	runUntilTheEnd(t, "gateway", func(ctx context.Context) error {
		return gateway.Run(ctx, gateway.Config{
			Kafka: kafka, Security: ofGateway, Listener: public, AdminListener: gatewayAdmin, Logger: logger.Named("gateway"),
		})
	})
	return &house{
		public: public.Addr().String(), ingest: ingest.Addr().String(), kafka: kafka[0],
		admins: []string{gatewayAdmin.Addr().String(), collectorAdmin.Addr().String()},
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// runUntilTheEnd runs a service until the test ends, and fails the test if it does not stop in order.
func runUntilTheEnd(t *testing.T, name string, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}

func (h *house) awaitReady(t *testing.T) {
	t.Helper()
	eventually(t, "the services are ready", func() bool { return h.all("/readyz") })
}

// all tells whether every admin port answers 200 on a path.
func (h *house) all(path string) bool {
	return !slices.ContainsFunc(h.admins, func(admin string) bool { return !answersOK(admin, path) })
}

func answersOK(admin, path string) bool {
	response, err := http.Get("http://" + admin + path)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

type outcome struct {
	Accepted      int    `json:"accepted"`
	RejectedTotal int    `json:"rejected_total"`
	Error         string `json:"error"`
}

// post sends results to the collector and gives its answer.
func (h *house) post(results ...[]byte) (status int, answer outcome, err error) {
	body := bytes.NewReader(bytes.Join(results, []byte("\n")))
	response, err := http.Post("http://"+h.ingest+"/v1/results", "application/x-ndjson", body)
	if err != nil {
		return 0, outcome{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil {
		err = fmt.Errorf("%s: %q: %w", response.Status, text, err)
	}
	return response.StatusCode, answer, err
}

// mustPost sends results that must all be accepted.
func (h *house) mustPost(t *testing.T, results ...[]byte) {
	t.Helper()
	status, answer, err := h.post(results...)
	if err != nil || status != http.StatusOK || answer.Accepted != len(results) {
		t.Fatalf("posting %d results: %d %+v %v", len(results), status, answer, err)
	}
}
