package e2e

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/gateway"
)

const (
	archiveName = "past"
	// probes are numbered from 1.
	probes = 5
	// scenePartitions are fewer than the measurements, so that some share one.
	scenePartitions = 4
)

// sceneMeasurements are those that are wished for; results of the past are there of the last two.
var sceneMeasurements = []int{1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008}

func hasPast(measurement int) bool { return measurement >= 1007 }

// scene is a log that is written to, and two gateways that give clients little room.
type scene struct {
	kafka    *kafkatest.Plain
	log      *eventlog.Log
	writer   *eventlog.Writer
	archive  string
	gateways []*house
	begins   time.Time // the past that is replayed, an hour
	ends     time.Time

	// transit is held by clients that move, and by the last records.
	transit   sync.RWMutex
	concluded bool

	mu     sync.Mutex // for what follows
	number int        // of the last result, as no two are the same
}

func openScene(t *testing.T, kafka []string) *scene {
	t.Helper()
	log := openLog(t, kafka)
	archive, err := eventlog.ArchiveSpec(archiveName)
	if err != nil {
		t.Fatal(err)
	}
	err = log.EnsureTopics(t.Context(), eventlog.ResultsSpec(scenePartitions), eventlog.ProbeStatusSpec(), eventlog.ProbesSpec(), eventlog.MeasurementsSpec(), archive)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.EnsureCursorKey(t.Context(), eventlog.KeysSpec()); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Second)
	s := &scene{
		kafka: kafkatest.NewPlain(t, kafka), log: log, writer: log.Writer(eventlog.WriterConfig{}), archive: archive.Name,
		begins: now.Add(-3 * time.Hour), ends: now.Add(-2 * time.Hour),
	}
	t.Cleanup(func() {
		if err := s.writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	const room = 40 // messages: less than a burst
	for range 2 {
		s.gateways = append(s.gateways, openGateway(t, kafka, gateway.Config{
			QueueBytes: 1 << 20, QueueMessages: room, History: gateway.HistoryOpen, HistoryResults: unbounded, HistoryScanned: unbounded,
		}))
	}
	return s
}

func openLog(t *testing.T, kafka []string) *eventlog.Log {
	t.Helper()
	log, err := eventlog.Open(eventlog.Config{Brokers: kafka}, zaptest.NewLogger(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}

// openGateway starts a gateway and waits until it is ready.
func openGateway(t *testing.T, kafka []string, cfg gateway.Config) *house {
	t.Helper()
	public, admin := listen(t), listen(t)
	cfg.Kafka, cfg.Listener, cfg.AdminListener = kafka, public, admin
	runUntilTheEnd(t, "gateway", func(ctx context.Context) error { return gateway.Run(ctx, cfg) })
	h := &house{public: public.Addr().String(), kafka: kafka[0], admins: []string{admin.Addr().String()}}
	h.awaitReady(t)
	return h
}

// end is the offset that the next record of a measurement's partition will have at least.
func (s *scene) end(measurement int) int64 {
	partition := eventlog.PartitionOf(atlas.MeasurementID(measurement), scenePartitions)
	_, next, err := s.log.History().Bounds(context.Background(), eventlog.ResultsTopic, partition)
	if err != nil {
		panic(err) // only a topic that is not there
	}
	return next
}

// letMove lets a client move, unless the last records are being written: whoever is nowhere then would wait for them in vain. Once they are written, only
// those move that nothing can be lost of.
func (s *scene) letMove(resumable bool, move func() error) error {
	if !s.transit.TryRLock() {
		return nil
	}
	defer s.transit.RUnlock()
	if s.concluded && !resumable {
		return nil
	}
	return move()
}

// result makes a result that there is only one of. Most are short.
func (s *scene) result(chance *rand.Rand, measurement int, at time.Time) []byte {
	s.mu.Lock()
	s.number++
	number := s.number
	s.mu.Unlock()
	size := 20 + chance.IntN(200)
	if chance.IntN(10) == 0 {
		size *= 20
	}
	return mustJSON(map[string]any{
		"msm_id": measurement, "prb_id": 1 + chance.IntN(probes), "af": 4 + 2*chance.IntN(2), "timestamp": at.Unix(), "type": "ping",
		"written": time.Now().UnixMilli(), "number": number, "padding": strings.Repeat("x", size),
	})
}

// write appends results as the collector does, in their order.
func (s *scene) write(ctx context.Context, topic string, values ...[]byte) error {
	events := make([]atlas.Event, len(values))
	for i, value := range values {
		var err error
		if events[i], err = atlas.ParseResult(value); err != nil {
			return err
		}
	}
	return s.writer.Append(ctx, topic, events)
}

// writePlainly writes results as any producer may: without our header.
func (s *scene) writePlainly(ctx context.Context, topic string, values ...[]byte) error {
	records := make([]kafkatest.Record, len(values))
	for i, value := range values {
		event, err := atlas.ParseResult(value)
		if err != nil {
			return err
		}
		records[i] = kafkatest.Record{Topic: topic, Key: strconv.Itoa(int(event.Measurement)), Time: event.Time, Value: value}
	}
	return s.kafka.Write(ctx, records...)
}

// conclude writes the last records of all: for each measurement one of every probe and family, so that every wish knows its end.
func (s *scene) conclude(ctx context.Context) error {
	s.transit.Lock()
	defer s.transit.Unlock()
	s.concluded = true
	var faults []error
	for _, measurement := range sceneMeasurements {
		var values [][]byte
		for probe := 1; probe <= probes; probe++ {
			for _, family := range []int{4, 6} {
				values = append(values, mustJSON(map[string]any{
					"msm_id": measurement, "prb_id": probe, "af": family, "timestamp": time.Now().Unix(), "type": "ping", "last": true,
					"written": time.Now().UnixMilli(),
				}))
			}
		}
		faults = append(faults, s.write(ctx, eventlog.ResultsTopic, values...))
	}
	return errors.Join(faults...)
}

// someWish is a wish that a client may have for a measurement.
func (s *scene) someWish(chance *rand.Rand, measurement int) wish {
	w := wish{measurement: measurement, buffering: chance.IntN(4) == 0, cursors: chance.IntN(4) > 0, backlog: chance.IntN(3) == 0}
	if chance.IntN(5) < 2 {
		w.probe = 1 + chance.IntN(probes)
	}
	if chance.IntN(3) == 0 {
		w.family = 4 + 2*chance.IntN(2)
	}
	if hasPast(measurement) && chance.IntN(2) == 0 {
		w.backlog, w.replay, w.start, w.end = false, true, s.begins, s.ends
	}
	return w
}

// newTraveller makes a client that comes in at an entrance.
func (s *scene) newTraveller(seed, number uint64, e entrance) *traveller {
	chance := rand.New(rand.NewPCG(seed, number))
	v := &traveller{scene: s, entrance: e, chance: chance, recovers: e.socketIO && chance.IntN(3) > 0}
	wishes := 1
	if !e.single {
		wishes += chance.IntN(3)
	}
	for _, i := range chance.Perm(len(sceneMeasurements))[:wishes] {
		wish := s.someWish(chance, sceneMeasurements[i])
		wish.cursors = wish.cursors || v.recovers
		wish.backlog = wish.backlog && !v.recovers // where it is cut off before its first result, it is neither here nor there
		v.journeys = append(v.journeys, &journey{wish: wish})
	}
	return v
}
