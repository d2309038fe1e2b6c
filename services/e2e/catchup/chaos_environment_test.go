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
	// scenePartitions are fewer than the measurements, so that some share one.
	chaosPartitions = 4
)

// chaosMeasurements are those that are wished for; results of the past are there of the last two.
var chaosMeasurements = []int{1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008}

func hasHistory(measurement int) bool { return measurement >= 1007 }

// environment is a log that is written to, and two gateways that give clients little room.
type environment struct {
	kafka       *kafkatest.Plain
	log         *eventlog.Log
	writer      *eventlog.Writer
	archive     string
	gateways    []*testcluster.Cluster
	replayStart time.Time // the past that is replayed, an hour
	replayEnd   time.Time

	// transit is held by clients that move, and by the last records.
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
	const room = 40 // messages: less than a burst
	for range 2 {
		env.gateways = append(env.gateways, testcluster.StartGateway(t, kafka, gateway.Config{
			QueueBytes: 1 << 20, QueueMessages: room, History: gateway.HistoryOpen, HistoryResults: testcluster.Unlimited, HistoryScanned: testcluster.Unlimited,
		}))
	}
	return env
}

// end is the offset that the next record of a measurement's partition will have at least.
func (e *environment) end(measurement int) int64 {
	partition := eventlog.PartitionOf(atlas.MeasurementID(measurement), chaosPartitions)
	_, next, err := e.log.History().Bounds(context.Background(), eventlog.ResultsTopic, partition)
	if err != nil {
		panic(err) // only a topic that is not there
	}
	return next
}

// letReconnect lets a client move, unless the last records are being written: whoever is nowhere then would wait for them in vain. Once they are written, only
// those move that nothing can be lost of.
func (e *environment) letReconnect(resumable bool, move func() error) error {
	if !e.reconnecting.TryRLock() {
		return nil
	}
	defer e.reconnecting.RUnlock()
	if e.finished && !resumable {
		return nil
	}
	return move()
}

// result makes a result that there is only one of. Most are short.
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

// write appends results as the collector does, in their order.
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

// writePlainly writes results as any producer may: without our header.
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

// writeLast writes the last records of all: for each measurement one of every probe and family, so that every wish knows its end.
func (e *environment) writeLast(ctx context.Context) error {
	e.reconnecting.Lock()
	defer e.reconnecting.Unlock()
	e.finished = true
	var faults []error
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
		faults = append(faults, e.write(ctx, eventlog.ResultsTopic, values...))
	}
	return errors.Join(faults...)
}

// randomSubscription is a wish that a client may have for a measurement.
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

// newClient makes a client that comes in at an entrance.
func (e *environment) newClient(seed, number uint64, transport connection.Transport) *simulatedClient {
	random := rand.New(rand.NewPCG(seed, number))
	client := &simulatedClient{env: e, Transport: transport, random: random, recovers: transport.SocketIO && random.IntN(3) > 0}
	wishes := 1
	if !transport.SubscribesByURL {
		wishes += random.IntN(3)
	}
	for _, i := range random.Perm(len(chaosMeasurements))[:wishes] {
		sub := e.randomSubscription(random, chaosMeasurements[i])
		sub.cursors = sub.cursors || client.recovers
		sub.backlog = sub.backlog && !client.recovers // where it is cut off before its first result, it is neither here nor there
		client.subscriptions = append(client.subscriptions, &simulatedSubscription{subscription: sub})
	}
	return client
}
