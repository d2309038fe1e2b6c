package eventlog_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"

	"github.com/twmb/franz-go/pkg/kgo"
)

// compactionContract reads registries that Kafka has compacted, several times and in small segments.
func compactionContract(t *testing.T, f fixture, kafka cluster) {
	t.Run("a registry is read after each compaction", func(t *testing.T) { compactedAgainAndAgain(t, f.newCompactedRegistry(t, kafka)) })
	t.Run("gaps at the end of a response", func(t *testing.T) { gapsBetweenResponses(t, f.newCompactedRegistry(t, kafka)) })
	t.Run("batches without records", func(t *testing.T) { emptyBatches(t, kafka, f.newCompactedRegistry(t, kafka)) })
}

// compactedRegistry is a registry whose topic is compacted on demand. The object of ID marker is put twice before each compaction, which is over when only its
// last version is left.
type compactedRegistry struct {
	*testRegistry
	kafka   cluster
	version int
}

const marker = 1_000_000

// newCompactedRegistry has a segment for every append, and no patience with deletions.
func (f fixture) newCompactedRegistry(t testing.TB, kafka cluster) *compactedRegistry {
	t.Helper()
	topic := unusedSpec(t).Name
	f.createForeignTopic(t, topic, 1, map[string]string{
		"cleanup.policy": "compact", "segment.ms": "1", "segment.jitter.ms": "0", "min.cleanable.dirty.ratio": "0", "delete.retention.ms": "0",
	})
	return &compactedRegistry{testRegistry: &testRegistry{f: f, topic: topic, writer: f.newWriter(t, eventlog.WriterConfig{}), want: map[int64]string{}}, kafka: kafka}
}

// compact puts the marker and, in a segment after it, which stays as it is, another object, and waits for compaction. It returns how many records are
// left of how many.
func (s *compactedRegistry) compact(t testing.TB) (left int, put int64) {
	t.Helper()
	for range 2 {
		s.version++
		s.put(t, s.version, marker)
	}
	s.put(t, s.version, marker+1)
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for timeout := time.After(patience); ; {
		if broker, ok := s.kafka.(*embedded.Broker); ok {
			if err := broker.Compact(); err != nil {
				t.Fatal(err)
			}
		}
		records := s.records(t)
		if versions(records, marker) == 1 {
			return len(records), records[len(records)-1].Offset + 1
		}
		select {
		case <-poll.C:
		case <-timeout:
			t.Fatalf("the topic was not compacted: it has %d versions of the marker", versions(records, marker))
		}
	}
}

// records returns what the log has, as a client of another make reads it.
func (s *compactedRegistry) records(t testing.TB) []*kgo.Record {
	t.Helper()
	_, next, err := s.f.log.History().Bounds(within(t, patience), s.topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	client := foreignClient(t, s.kafka, kgo.ConsumeTopics(s.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer client.Close()
	var records []*kgo.Record
	for len(records) == 0 || records[len(records)-1].Offset < next-1 {
		fetches := client.PollFetches(within(t, patience))
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

func versions(records []*kgo.Record, id int64) (count int) {
	for _, record := range records {
		if string(record.Key) == strconv.FormatInt(id, 10) {
			count++
		}
	}
	return count
}

// assertRead has the registry read from its beginning.
func (s *compactedRegistry) assertRead(t testing.TB) {
	t.Helper()
	late := readRegistry(t, s.f.log, s.topic)
	late.awaitCaughtUp(t)
	late.assertIs(t, s.want)
}

func compactedAgainAndAgain(t *testing.T, registry *compactedRegistry) {
	dice := rand.New(rand.NewPCG(1, 2))
	early := readRegistry(t, registry.f.log, registry.topic)
	for pass := range 6 {
		for range 20 {
			ids := make([]int64, 1+dice.IntN(12))
			for i := range ids {
				ids[i] = 1 + dice.Int64N(40)
			}
			if dice.IntN(4) == 0 {
				registry.delete(t, ids...)
			} else {
				registry.put(t, pass, ids...)
			}
		}
		left, put := registry.compact(t)
		t.Logf("%d records are left of %d, for %d objects", left, put, len(registry.want))
		registry.assertRead(t)
		early.await(t, registry.want)
	}
	registry.delete(t, idsUpTo(40)...)
	registry.compact(t)
	registry.assertRead(t)
	early.await(t, registry.want)
}

// gapsBetweenResponses has a batch, whose last records are deleted, fill so much of a response that the next one does not fit: the next fetch begins
// within the gap.
func gapsBetweenResponses(t *testing.T, registry *compactedRegistry) {
	long := incompressible(900_000)
	for id := int64(10); id <= 30; id += 10 {
		registry.putObjects(t, atlas.Object{ID: id, Value: long}, atlas.Object{ID: id + 1, Value: []byte("{}")}, atlas.Object{ID: id + 2, Value: []byte("{}")})
	}
	registry.put(t, 2, 11, 12, 21, 22, 31, 32)
	early := readRegistry(t, registry.f.log, registry.topic)
	for range 2 {
		registry.compact(t)
		registry.assertRead(t)
		early.await(t, registry.want)
	}
	if object, found, err := registry.f.log.History().Object(within(t, patience), atlas.Position{Topic: registry.topic, Offset: 1}); found || err != nil {
		t.Errorf("what compaction took is read as %.50s, %t, %v", object.Value, found, err)
	}
}

// emptyBatches has idempotent producers write what is put again by others: of the last batch of each, Kafka keeps the head without a record.
func emptyBatches(t *testing.T, kafka cluster, registry *compactedRegistry) {
	for range 3 {
		producer := fixture{foreign: foreignClient(t, kafka)}
		for id := range int64(5) {
			producer.produce(t, registry.topic, strconv.FormatInt(id+1, 10), "foreign")
		}
	}
	for range 2 {
		registry.put(t, registry.version, idsUpTo(5)...)
		registry.compact(t)
		registry.assertRead(t)
	}
}
