package eventlog_test

import (
	"errors"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"

	"github.com/twmb/franz-go/pkg/kgo"
)

func registryContract(t *testing.T, f fixture, kafka cluster) {
	for _, partitions := range []int{1, 3} {
		t.Run("the last version of each object is read", func(t *testing.T) { lastVersionsAreRead(t, f.newShelf(t, partitions)) })
	}
	t.Run("an empty registry is caught up with", func(t *testing.T) {
		shelf := f.newShelf(t, 1)
		mirror := readRegistry(t, f.log, shelf.topic)
		mirror.awaitCaughtUp(t)
		shelf.put(t, 1, 1)
		mirror.await(t, shelf.want)
	})
	t.Run("deletions", func(t *testing.T) {
		shelf := f.newShelf(t, 1)
		shelf.put(t, 1, idsUpTo(10)...)
		shelf.delete(t, 3, 4)
		early := readRegistry(t, f.log, shelf.topic)
		early.awaitCaughtUp(t)
		early.assertIs(t, shelf.want)
		shelf.delete(t, 5, 99)
		shelf.put(t, 2, 4)
		early.await(t, shelf.want)
		late := readRegistry(t, f.log, shelf.topic)
		late.awaitCaughtUp(t)
		late.assertIs(t, shelf.want)
	})
	t.Run("what is no object is skipped", func(t *testing.T) {
		shelf := f.newShelf(t, 1)
		for _, key := range []string{"", "x", "0", "-1", "007", "+7", "9007199254740992", "1 "} {
			f.produce(t, shelf.topic, key, `{"id":1}`)
		}
		f.produce(t, shelf.topic, "7", "foreign")
		shelf.want[7] = "foreign"
		mirror := readRegistry(t, f.log, shelf.topic)
		mirror.awaitCaughtUp(t)
		mirror.assertIs(t, shelf.want)
	})
	t.Run("an object is read once more", func(t *testing.T) { objectIsReadOnceMore(t, f.newShelf(t, 1)) })
	t.Run("the topic is missing at first", func(t *testing.T) { topicIsMissing(t, f) })
	t.Run("the topic is made anew", func(t *testing.T) {
		for _, puts := range []int{0, 1, 5} { // the new log is shorter than what was read of the old one, or longer
			topicIsMadeAnew(t, f.newShelf(t, 1), puts)
		}
	})
	t.Run("partitions are added", func(t *testing.T) { partitionsAreAdded(t, kafka, f.newShelf(t, 1)) })
	t.Run("what cannot be an object is refused", func(t *testing.T) {
		shelf := f.newShelf(t, 1)
		err := shelf.writer.AppendObjects(t.Context(), shelf.topic, []atlas.Object{{ID: 0, Value: []byte("{}")}, {ID: 1, Value: []byte("{}")}})
		var failed *eventlog.AppendError
		if !errors.As(err, &failed) || failed.Outcomes[0] == nil || failed.Outcomes[1] != nil {
			t.Errorf("got %v, want the first refused", err)
		}
	})
}

// objectIsReadOnceMore reads what stands at each offset, which is nothing behind the end and where the key is no ID.
func objectIsReadOnceMore(t *testing.T, shelf *shelf) {
	shelf.put(t, 1, 7, 8)
	shelf.put(t, 2, 7)
	shelf.f.produce(t, shelf.topic, "no ID", "no object")
	for offset, want := range []string{`{"id":7,"version":1}`, `{"id":8,"version":1}`, `{"id":7,"version":2}`, "", ""} {
		position := atlas.Position{Topic: shelf.topic, Offset: int64(offset)}
		object, found, err := shelf.f.log.History().Object(within(t, patience), position)
		if err != nil || found != (want != "") || found && (string(object.Value) != want || object.Position != position) {
			t.Errorf("offset %d: got %+v, %t, %v, want %s", offset, object, found, err, want)
		}
	}
	if _, found, err := shelf.f.log.History().Object(within(t, patience), atlas.Position{Topic: shelf.topic, Offset: 1 << 40}); found || err != nil {
		t.Errorf("far behind the end: got %t, %v", found, err)
	}
}

func lastVersionsAreRead(t *testing.T, shelf *shelf) {
	for version := range 3 {
		shelf.put(t, version, idsUpTo(500)...)
	}
	mirror := readRegistry(t, shelf.f.log, shelf.topic)
	mirror.awaitCaughtUp(t)
	mirror.assertIs(t, shelf.want)
	for id, applied := range mirror.applied {
		if applied != 1 {
			t.Fatalf("%d was handed on %d times though nothing had changed", id, applied)
		}
	}
	for version := 3; version < 20; version++ {
		shelf.put(t, version, 7, 7, int64(500+version))
		mirror.await(t, shelf.want)
	}
}

func topicIsMissing(t *testing.T, f fixture) {
	spec := unusedSpec(t)
	spec.Compacted = true
	mirror := readRegistry(t, f.log, spec.Name)
	select {
	case <-mirror.caughtUp:
		t.Error("caught up with a topic that is not there")
	case <-time.After(500 * time.Millisecond):
	}
	if err := f.log.EnsureTopics(within(t, patience), spec); err != nil {
		t.Fatal(err)
	}
	shelf := &shelf{f: f, topic: spec.Name, writer: f.newWriter(t, eventlog.WriterConfig{}), want: map[int64]string{}}
	shelf.put(t, 1, idsUpTo(10)...)
	mirror.awaitCaughtUp(t)
	mirror.await(t, shelf.want)
}

func topicIsMadeAnew(t *testing.T, shelf *shelf, puts int) {
	shelf.put(t, 1, idsUpTo(10)...)
	mirror := readRegistry(t, shelf.f.log, shelf.topic)
	mirror.await(t, shelf.want)
	shelf.f.deleteTopic(t, shelf.topic)
	shelf.f.createForeignTopic(t, shelf.topic, 1, map[string]string{"cleanup.policy": "compact"})
	clear(shelf.want)
	for version := range puts {
		shelf.put(t, 100+version, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
	}
	mirror.await(t, shelf.want)
	shelf.put(t, 200, 1, 20)
	mirror.await(t, shelf.want)
}

func partitionsAreAdded(t *testing.T, kafka cluster, shelf *shelf) {
	shelf.put(t, 1, idsUpTo(20)...)
	mirror := readRegistry(t, shelf.f.log, shelf.topic)
	mirror.awaitCaughtUp(t)
	shelf.f.addPartitions(t, shelf.topic, 3)
	other := fixture{foreign: foreignClient(t, kafka, kgo.RecordPartitioner(kgo.ManualPartitioner()))}
	record := &kgo.Record{Topic: shelf.topic, Key: []byte("7"), Value: []byte("moved"), Partition: 2}
	if err := other.foreign.ProduceSync(within(t, patience), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	shelf.want[7] = "moved"
	mirror.await(t, shelf.want)
	late := readRegistry(t, shelf.f.log, shelf.topic)
	late.awaitCaughtUp(t)
	late.await(t, shelf.want)
}
