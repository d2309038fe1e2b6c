package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
	"atlasstream/services/gateway"
)

// A gateway and a collector that are started before Kafka become ready when Kafka does.
func TestServicesStartBeforeKafka(t *testing.T) {
	kafka := kafkatest.Start(t, 1)
	if err := kafka.Stop(0); err != nil {
		t.Fatal(err)
	}
	cluster := testcluster.StartUnready(t, kafka.Addrs(), collector.Config{}, gateway.Config{})
	await.Condition(t, "the admin ports answer", func() bool { return cluster.AllAnswer("/healthz") })
	for _, admin := range cluster.Admins {
		if testcluster.AnswersOK(admin, "/readyz") {
			t.Fatal("a service is ready without Kafka")
		}
	}
	if err := kafka.Restart(0); err != nil {
		t.Fatal(err)
	}
	cluster.AwaitReady(t)
	client := realclient.DialWebSocket(t, cluster)
	client.Subscribe(t, 1001)
	cluster.MustPost(t, sample.Numbered(1001, 1))
	client.Expect(t, `["atlas_result",{"msm_id":1001`)
}

// Kafka is restarted under load: what the collector acknowledged arrives, once and in order.
func TestKafkaRestartsUnderLoad(t *testing.T) {
	kafka := kafkatest.Start(t, 1)
	cluster := testcluster.Start(t, kafka.Addrs())
	underLoad(t, cluster, func(*workload.Poster) {
		if err := kafka.Stop(0); err != nil {
			t.Error(err)
		}
		if err := kafka.Restart(0); err != nil {
			t.Error(err)
		}
	})
}

// Kafka is restarted while clients of every transport catch up from the log, and while one replays it: they continue.
func TestKafkaRestartsWhileClientsReadTheLog(t *testing.T) {
	kafka := kafkatest.Start(t, 1)
	cluster := testcluster.Start(t, kafka.Addrs())
	slow := testcluster.StartGateway(t, kafka.Addrs(), gateway.Config{
		QueueBytes: 1 << 20, QueueMessages: 40, History: gateway.HistoryOpen, HistoryResults: testcluster.Unlimited, HistoryScanned: testcluster.Unlimited,
	})
	writer := workload.NewWriter(t, kafka.Addrs(), 1001)
	cluster.MustPost(t, sample.Numbered(testcluster.OtherMeasurement(1001, true), 1)) // so that the log begins before the replay
	since := fmt.Sprintf(`{"msm":1001,"startTime":%d,"speed":%q}`, time.Now().Unix(), sample.MaxSpeed)
	readers := workload.StartBehind(t, slow, writer)
	for range 12 { // of 500 results each, so that the next results of the clients are no longer in memory
		if err := writer.Write(t.Context(), 500, false); err != nil {
			t.Fatal(err)
		}
	}
	written := writer.Written.Load()
	replay := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: slow.Public, Parameters: json.RawMessage(since)})
	if err := kafka.Stop(0); err != nil {
		t.Fatal(err)
	}
	wait := workload.StartReading(t, readers)
	replayed := make(chan int64, 1)
	go func() { replayed <- readReplay(t, replay) }()
	await.Condition(t, "the clients have what was in memory", func() bool { return slow.Metric(t, "atlas_gateway_queued_messages") == 0 })
	if behind := slow.Metric(t, "atlas_gateway_behind_clients"); int(behind) != len(readers) {
		t.Errorf("%v of %d clients wait for the log", behind, len(readers))
	}
	if err := kafka.Restart(0); err != nil {
		t.Fatal(err)
	}
	if err := writer.Write(t.Context(), 1, true); err != nil {
		t.Fatal(err)
	}
	wait()
	if last := <-replayed; last != written {
		t.Errorf("the replay ended with result %d of %d", last, written)
	}
}

// readReplay receives numbered results until the end of the replay, and returns the number of the last.
func readReplay(t *testing.T, conn *connection.Connection) (last int64) {
	t.Helper()
	for {
		msg, err := conn.Receive()
		if err != nil {
			t.Errorf("the replay, after result %d: %v", last, err)
			return last
		}
		if msg.Event == "atlas_unsubscribed" {
			return last
		}
		number := workload.NumberIn(msg.Payload, `"number":`)
		if msg.Event != "atlas_result" || number != last+1 {
			t.Errorf("the replay, after result %d: received %.200s", last, msg)
			return last
		}
		last = number
	}
}

// One of three brokers is killed under load, the others take over.
func TestBrokerIsKilledUnderLoad(t *testing.T) {
	kafka := kafkatest.Start(t, 3)
	cluster := testcluster.Start(t, kafka.Addrs())
	underLoad(t, cluster, func(*workload.Poster) {
		if err := kafka.Kill(1); err != nil {
			t.Error(err)
		}
	})
}

// underLoad posts results while something happens, and checks that subscribers receive each once and in order.
func underLoad(t *testing.T, cluster *testcluster.Cluster, happens func(*workload.Poster)) {
	t.Helper()
	measurements := []atlas.MeasurementID{1001, 5001} // and so many others that every broker probably leads one of their partitions
	for id := range atlas.MeasurementID(10) {
		measurements = append(measurements, 10301+id)
	}
	clients := []*realclient.Client{realclient.DialWebSocket(t, cluster), realclient.StartNode(t, cluster, "4.8", "websocket")}
	for _, client := range clients {
		for _, measurement := range measurements {
			client.Subscribe(t, int64(measurement))
		}
	}
	poster := workload.StartPoster(cluster, measurements)
	poster.AwaitMore(t, 100)
	happens(poster)
	poster.AwaitMore(t, 100)
	if err := errors.Join(poster.Stop(), poster.Post()); err != nil { // if anything was delivered twice, it arrives before the last post
		t.Fatal(err)
	}
	count := int(poster.Acknowledged.Load())
	t.Logf("%d results of each measurement were acknowledged", count)
	for _, client := range clients {
		expectNumbers(t, client, measurements, count)
	}
}

// expectNumbers reads the results 1 to count of every measurement, in their order.
func expectNumbers(t *testing.T, c *realclient.Client, measurements []atlas.MeasurementID, count int) {
	t.Helper()
	last := map[atlas.MeasurementID]int{}
	for range count * len(measurements) {
		event, payload := c.Next(t)
		result, err := atlas.ParseResult(bytes.TrimSpace(payload))
		if event != "atlas_result" || err != nil {
			t.Fatalf("received %s %s", event, payload)
		}
		if want := last[result.Measurement] + 1; int(result.Probe) != want {
			t.Fatalf("measurement %d: got result %d, want %d", result.Measurement, result.Probe, want)
		}
		last[result.Measurement]++
	}
}
