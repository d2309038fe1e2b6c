package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/gateway"
)

// A gateway and a collector that are started before Kafka become ready when Kafka does, and serve.
func TestServicesStartBeforeKafka(t *testing.T) {
	cluster := kafkatest.Start(t, 1)
	if err := cluster.Stop(0); err != nil {
		t.Fatal(err)
	}
	house := buildHouse(t, cluster.Addrs())
	eventually(t, "the admin ports answer", func() bool { return house.all("/healthz") })
	for _, admin := range house.admins {
		if answersOK(admin, "/readyz") {
			t.Fatal("a service is ready without Kafka")
		}
	}
	if err := cluster.Restart(0); err != nil {
		t.Fatal(err)
	}
	house.awaitReady(t)
	client := dialWebSocket(t, house)
	client.subscribe(t, 1001)
	house.mustPost(t, numbered(1001, 1))
	client.expect(t, `["atlas_result",{"msm_id":1001`)
}

// Kafka is restarted under load: what the collector acknowledged arrives, once and in order.
func TestKafkaRestartsUnderLoad(t *testing.T) {
	cluster := kafkatest.Start(t, 1)
	house := openHouse(t, cluster.Addrs())
	underLoad(t, house, func(*load) {
		if err := cluster.Stop(0); err != nil {
			t.Error(err)
		}
		if err := cluster.Restart(0); err != nil {
			t.Error(err)
		}
	})
}

// Kafka is restarted while clients at every entrance read the log, and while one replays it: they go on where they were.
func TestKafkaRestartsWhileClientsReadTheLog(t *testing.T) {
	cluster := kafkatest.Start(t, 1)
	house := openHouse(t, cluster.Addrs())
	here := openGateway(t, cluster.Addrs(), gateway.Config{
		QueueBytes: 1 << 20, QueueMessages: 40, History: gateway.HistoryOpen, HistoryResults: unbounded, HistoryScanned: unbounded,
	})
	source := newSource(t, cluster.Addrs(), 1001)
	house.mustPost(t, numbered(measurementBeside(1001, true), 1)) // so that the log begins before the replay
	since := fmt.Sprintf(`{"msm":1001,"startTime":%d,"speed":%q}`, time.Now().Unix(), fastest)
	listeners := fallBehind(t, here, source)
	for range 12 { // of 500 results each, so that what comes next for the clients is not in memory any more
		if err := source.write(t.Context(), 500, false); err != nil {
			t.Fatal(err)
		}
	}
	written := source.written.Load()
	replay := mustSubscribe(t, webSocket, arrival{gateway: here.public, parameters: json.RawMessage(since)})
	if err := cluster.Stop(0); err != nil {
		t.Fatal(err)
	}
	wait := listenToTheEnd(t, listeners)
	replayed := make(chan int64, 1)
	go func() { replayed <- hearReplay(t, replay) }()
	eventually(t, "the clients have what was at hand", func() bool { return here.metric(t, "atlas_gateway_queued_messages") == 0 })
	if behind := here.metric(t, "atlas_gateway_behind_clients"); int(behind) != len(listeners) {
		t.Errorf("%v of %d clients wait for the log", behind, len(listeners))
	}
	if err := cluster.Restart(0); err != nil {
		t.Fatal(err)
	}
	if err := source.write(t.Context(), 1, true); err != nil {
		t.Fatal(err)
	}
	wait()
	if last := <-replayed; last != written {
		t.Errorf("the replay ended with result %d of %d", last, written)
	}
}

// hearReplay hears numbered results from the first on until the replay is over, and gives the number of the last.
func hearReplay(t *testing.T, l *line) (last int64) {
	t.Helper()
	for {
		heard, err := l.hear()
		if err != nil {
			t.Errorf("the replay, after result %d: %v", last, err)
			return last
		}
		if heard.event == "atlas_unsubscribed" {
			return last
		}
		number := memberOf(heard.payload, `"number":`)
		if heard.event != "atlas_result" || number != last+1 {
			t.Errorf("the replay, after result %d: heard %.200s", last, heard)
			return last
		}
		last = number
	}
}

// One of three brokers is killed under load, the others take over.
func TestBrokerIsKilledUnderLoad(t *testing.T) {
	cluster := kafkatest.Start(t, 3)
	house := openHouse(t, cluster.Addrs())
	underLoad(t, house, func(*load) {
		if err := cluster.Kill(1); err != nil {
			t.Error(err)
		}
	})
}

// underLoad posts results all the while that something happens, and checks that subscribers receive each once and in order. Results are posted again, as
// any producer would, until the collector has acknowledged them.
func underLoad(t *testing.T, h *house, happens func(*load)) {
	t.Helper()
	measurements := []atlas.MeasurementID{1001, 5001} // and as many others as make it likely that every broker leads some partition of theirs
	for id := range atlas.MeasurementID(10) {
		measurements = append(measurements, 10301+id)
	}
	clients := []*client{dialWebSocket(t, h), startNode(t, h, "4.8", "websocket")}
	for _, client := range clients {
		for _, measurement := range measurements {
			client.subscribe(t, int64(measurement))
		}
	}
	load := &load{house: h, measurements: measurements, stopped: make(chan struct{})}
	go load.run()
	load.awaitMore(t, 100)
	happens(load)
	load.awaitMore(t, 100)
	load.over.Store(true)
	<-load.stopped
	if load.err == nil {
		load.err = load.post() // a repeat of what comes before would arrive before it
	}
	if load.err != nil {
		t.Fatal(load.err)
	}
	count := int(load.acknowledged.Load())
	t.Logf("%d results of each measurement were acknowledged", count)
	for _, client := range clients {
		client.expectNumbers(t, measurements, count)
	}
}

// load posts numbered results of every measurement, one request after the other. Each is posted until it is acknowledged.
type load struct {
	house        *house
	measurements []atlas.MeasurementID
	acknowledged atomic.Int64 // results of each measurement
	over         atomic.Bool
	stopped      chan struct{}
	err          error // once stopped is closed
}

func (l *load) run() {
	defer close(l.stopped)
	for !l.over.Load() && l.err == nil {
		l.err = l.post()
	}
}

// post posts the next results of every measurement in one request.
func (l *load) post() error {
	const perRequest = 10
	var results [][]byte
	for i := range perRequest {
		for _, measurement := range l.measurements {
			results = append(results, numbered(measurement, int(l.acknowledged.Load())+i+1))
		}
	}
	if err := postPersistently(l.house, results); err != nil {
		return err
	}
	l.acknowledged.Add(perRequest)
	return nil
}

// awaitMore waits until so many more results of each measurement are acknowledged.
func (l *load) awaitMore(t *testing.T, count int64) {
	t.Helper()
	wanted := l.acknowledged.Load() + count
	eventually(t, "results are acknowledged", func() bool { return l.acknowledged.Load() >= wanted })
}

func postPersistently(h *house, results [][]byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		status, answer, err := h.post(results...)
		if err == nil && status == http.StatusOK {
			if answer.Accepted != len(results) {
				return fmt.Errorf("accepted %d of %d results", answer.Accepted, len(results))
			}
			return nil
		}
		if err == nil && status != http.StatusServiceUnavailable {
			return fmt.Errorf("posting: status %d, %+v", status, answer)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("posting: no acknowledgement: %d %+v %w", status, answer, err)
		}
	}
}

// numbered makes a result that says which one it is.
func numbered(measurement atlas.MeasurementID, number int) []byte {
	return fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping"}`, measurement, number, time.Now().Unix())
}

// expectNumbers reads the results 1 to count of every measurement, in their order.
func (c *client) expectNumbers(t *testing.T, measurements []atlas.MeasurementID, count int) {
	t.Helper()
	last := map[atlas.MeasurementID]int{}
	for range count * len(measurements) {
		event, payload := c.next(t)
		result, err := atlas.ParseResult(bytes.TrimSpace(payload))
		if event != "atlas_result" || err != nil {
			t.Fatalf("heard %s %s", event, payload)
		}
		if want := last[result.Measurement] + 1; int(result.Probe) != want {
			t.Fatalf("measurement %d: got result %d, want %d", result.Measurement, result.Probe, want)
		}
		last[result.Measurement]++
	}
}
