package catchup

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

const (
	archiveName = "past"
	// probes are numbered from 1.
	probes = 5
	// chaosPartitions are fewer than the measurements, so that some share a partition.
	chaosPartitions = 4
)

// chaosMeasurements are those that clients subscribe to. The last two have history.
var chaosMeasurements = []int{1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008}

func hasHistory(measurement int) bool { return measurement >= 1007 }

// environment is a log that is written to, and two gateways whose clients have small queues.
type environment struct {
	kafka       *kafkatest.Plain
	log         *eventlog.Log
	writer      *eventlog.Writer
	archive     string
	gateways    []*testcluster.Cluster
	replayStart time.Time // an hour that is replayed
	replayEnd   time.Time

	// reconnecting is held by clients that reconnect and while the last records are written.
	reconnecting sync.RWMutex
	finished     bool

	mu     sync.Mutex // for what follows
	number int        // of the last result, as no two are the same
}

func startEnvironment(t *testing.T, kafka []string) *environment {
	t.Helper()
	log := testcluster.OpenLog(t, kafka)
	archive, err := eventlog.ArchiveSpec(archiveName)
	if err != nil {
		t.Fatal(err)
	}
	err = log.EnsureTopics(t.Context(), eventlog.ResultsSpec(chaosPartitions), eventlog.ProbeStatusSpec(), eventlog.ProbesSpec(), eventlog.MeasurementsSpec(), archive)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.EnsureCursorKey(t.Context(), eventlog.KeysSpec()); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Second)
	env := &environment{
		kafka: kafkatest.NewPlain(t, kafka), log: log, writer: log.Writer(eventlog.WriterConfig{}), archive: archive.Name,
		replayStart: now.Add(-3 * time.Hour), replayEnd: now.Add(-2 * time.Hour),
	}
	t.Cleanup(func() {
		if err := env.writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	const queueMessages = 40 // less than a burst
	for range 2 {
		env.gateways = append(env.gateways, testcluster.StartGateway(t, kafka, gateway.Config{
			QueueBytes: 1 << 20, QueueMessages: queueMessages, History: gateway.HistoryOpen, HistoryResults: testcluster.Unlimited, HistoryScanned: testcluster.Unlimited,
		}))
	}
	return env
}

// end is the end of the log in a measurement's partition: the next record has at least this offset.
func (e *environment) end(measurement int) int64 {
	partition := eventlog.PartitionOf(atlas.MeasurementID(measurement), chaosPartitions)
	_, next, err := e.log.History().Bounds(context.Background(), eventlog.ResultsTopic, partition)
	if err != nil {
		panic(err) // only for a topic that does not exist
	}
	return next
}

// letReconnect lets a client reconnect, unless the last records are being written: a client that is not connected then might miss them and wait for ever. Once
// they are written, only clients that resume all their subscriptions reconnect.
func (e *environment) letReconnect(resumable bool, reconnect func() error) error {
	if !e.reconnecting.TryRLock() {
		return nil
	}
	defer e.reconnecting.RUnlock()
	if e.finished && !resumable {
		return nil
	}
	return reconnect()
}

// result makes a result that is unlike all others. Most are short.
func (e *environment) result(random *rand.Rand, measurement int, at time.Time) []byte {
	e.mu.Lock()
	e.number++
	number := e.number
	e.mu.Unlock()
	size := 20 + random.IntN(200)
	if random.IntN(10) == 0 {
		size *= 20
	}
	return sample.JSON(map[string]any{
		"msm_id": measurement, "prb_id": 1 + random.IntN(probes), "af": 4 + 2*random.IntN(2), "timestamp": at.Unix(), "type": "ping",
		"written": time.Now().UnixMilli(), "number": number, "padding": strings.Repeat("x", size),
	})
}

// write appends results, in their order, as the collector does.
func (e *environment) write(ctx context.Context, topic string, values ...[]byte) error {
	events := make([]atlas.Event, len(values))
	for i, value := range values {
		var err error
		if events[i], err = atlas.ParseResult(value); err != nil {
			return err
		}
	}
	return e.writer.Append(ctx, topic, events)
}

// writePlainly writes results without the header of this project, as other producers do.
func (e *environment) writePlainly(ctx context.Context, topic string, values ...[]byte) error {
	records := make([]kafkatest.Record, len(values))
	for i, value := range values {
		event, err := atlas.ParseResult(value)
		if err != nil {
			return err
		}
		records[i] = kafkatest.Record{Topic: topic, Key: strconv.Itoa(int(event.Measurement)), Time: event.Time, Value: value}
	}
	return e.kafka.Write(ctx, records...)
}

// writeLast writes the last records: for each measurement one of every probe and address family, so that every subscription has a last one.
func (e *environment) writeLast(ctx context.Context) error {
	e.reconnecting.Lock()
	defer e.reconnecting.Unlock()
	e.finished = true
	var errs []error
	for _, measurement := range chaosMeasurements {
		var values [][]byte
		for probe := 1; probe <= probes; probe++ {
			for _, family := range []int{4, 6} {
				values = append(values, sample.JSON(map[string]any{
					"msm_id": measurement, "prb_id": probe, "af": family, "timestamp": time.Now().Unix(), "type": "ping", "last": true,
					"written": time.Now().UnixMilli(),
				}))
			}
		}
		errs = append(errs, e.write(ctx, eventlog.ResultsTopic, values...))
	}
	return errors.Join(errs...)
}

// randomSubscription makes a subscription to a measurement with random parameters.
func (e *environment) randomSubscription(random *rand.Rand, measurement int) subscription {
	sub := subscription{measurement: measurement, buffering: random.IntN(4) == 0, cursors: random.IntN(4) > 0, backlog: random.IntN(3) == 0}
	if random.IntN(5) < 2 {
		sub.probe = 1 + random.IntN(probes)
	}
	if random.IntN(3) == 0 {
		sub.family = 4 + 2*random.IntN(2)
	}
	if hasHistory(measurement) && random.IntN(2) == 0 {
		sub.backlog, sub.replay, sub.start, sub.end = false, true, e.replayStart, e.replayEnd
	}
	return sub
}

// newClient makes a client with random subscriptions.
func (e *environment) newClient(seed, number uint64, transport connection.Transport) *simulatedClient {
	random := rand.New(rand.NewPCG(seed, number))
	client := &simulatedClient{env: e, Transport: transport, random: random, recovers: transport.SocketIO && random.IntN(3) > 0}
	count := 1
	if !transport.SubscribesByURL {
		count += random.IntN(3)
	}
	for _, i := range random.Perm(len(chaosMeasurements))[:count] {
		sub := e.randomSubscription(random, chaosMeasurements[i])
		sub.cursors = sub.cursors || client.recovers
		sub.backlog = sub.backlog && !client.recovers // if it disconnects before the first result, nothing tells whether it has had its backlog
		client.subscriptions = append(client.subscriptions, &simulatedSubscription{subscription: sub})
	}
	return client
}
