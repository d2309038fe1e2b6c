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
		t.Run("the last version of each object is read", func(t *testing.T) { lastVersionsAreRead(t, f.newRegistry(t, partitions)) })
	}
	t.Run("an empty registry is caught up with", func(t *testing.T) {
		registry := f.newRegistry(t, 1)
		view := readRegistry(t, f.log, registry.topic)
		view.awaitCaughtUp(t)
		registry.put(t, 1, 1)
		view.await(t, registry.want)
	})
	t.Run("deletions", func(t *testing.T) {
		registry := f.newRegistry(t, 1)
		registry.put(t, 1, idsUpTo(10)...)
		registry.delete(t, 3, 4)
		early := readRegistry(t, f.log, registry.topic)
		early.awaitCaughtUp(t)
		early.assertIs(t, registry.want)
		registry.delete(t, 5, 99)
		registry.put(t, 2, 4)
		early.await(t, registry.want)
		late := readRegistry(t, f.log, registry.topic)
		late.awaitCaughtUp(t)
		late.assertIs(t, registry.want)
	})
	t.Run("what is no object is skipped", func(t *testing.T) {
		registry := f.newRegistry(t, 1)
		for _, key := range []string{"", "x", "0", "-1", "007", "+7", "9007199254740992", "1 "} {
			f.produce(t, registry.topic, key, `{"id":1}`)
		}
		f.produce(t, registry.topic, "7", "foreign")
		registry.want[7] = "foreign"
		view := readRegistry(t, f.log, registry.topic)
		view.awaitCaughtUp(t)
		view.assertIs(t, registry.want)
	})
	t.Run("an object is read once more", func(t *testing.T) { objectIsReadAgain(t, f.newRegistry(t, 1)) })
	t.Run("the topic is missing at first", func(t *testing.T) { topicIsMissing(t, f) })
	t.Run("the topic is recreated", func(t *testing.T) {
		for _, puts := range []int{0, 1, 5} { // the new log is shorter than what was read of the old one, or longer
			topicIsRecreated(t, f.newRegistry(t, 1), puts)
		}
	})
	t.Run("partitions are added", func(t *testing.T) { partitionsAreAdded(t, kafka, f.newRegistry(t, 1)) })
	t.Run("what cannot be an object is refused", func(t *testing.T) {
		registry := f.newRegistry(t, 1)
		err := registry.writer.AppendObjects(t.Context(), registry.topic, []atlas.Object{{ID: 0, Value: []byte("{}")}, {ID: 1, Value: []byte("{}")}})
		var failed *eventlog.AppendError
		if !errors.As(err, &failed) || failed.Outcomes[0] == nil || failed.Outcomes[1] != nil {
			t.Errorf("got %v, want the first refused", err)
		}
	})
}

// objectIsReadAgain reads the object at each offset; there is none after the end and where the key is no ID.
func objectIsReadAgain(t *testing.T, registry *testRegistry) {
	registry.put(t, 1, 7, 8)
	registry.put(t, 2, 7)
	registry.f.produce(t, registry.topic, "no ID", "no object")
	for offset, want := range []string{`{"id":7,"version":1}`, `{"id":8,"version":1}`, `{"id":7,"version":2}`, "", ""} {
		position := atlas.Position{Topic: registry.topic, Offset: int64(offset)}
		object, found, err := registry.f.log.History().Object(within(t, patience), position)
		if err != nil || found != (want != "") || found && (string(object.Value) != want || object.Position != position) {
			t.Errorf("offset %d: got %+v, %t, %v, want %s", offset, object, found, err, want)
		}
	}
	if _, found, err := registry.f.log.History().Object(within(t, patience), atlas.Position{Topic: registry.topic, Offset: 1 << 40}); found || err != nil {
		t.Errorf("far after the end: got %t, %v", found, err)
	}
}

func lastVersionsAreRead(t *testing.T, registry *testRegistry) {
	for version := range 3 {
		registry.put(t, version, idsUpTo(500)...)
	}
	view := readRegistry(t, registry.f.log, registry.topic)
	view.awaitCaughtUp(t)
	view.assertIs(t, registry.want)
	for id, applied := range view.applied {
		if applied != 1 {
			t.Fatalf("%d was handed on %d times though nothing had changed", id, applied)
		}
	}
	for version := 3; version < 20; version++ {
		registry.put(t, version, 7, 7, int64(500+version))
		view.await(t, registry.want)
	}
}

func topicIsMissing(t *testing.T, f fixture) {
	spec := unusedSpec(t)
	spec.Compacted = true
	view := readRegistry(t, f.log, spec.Name)
	select {
	case <-view.caughtUp:
		t.Error("caught up with a topic that is not there")
	case <-time.After(500 * time.Millisecond):
	}
	if err := f.log.EnsureTopics(within(t, patience), spec); err != nil {
		t.Fatal(err)
	}
	registry := &testRegistry{f: f, topic: spec.Name, writer: f.newWriter(t, eventlog.WriterConfig{}), want: map[int64]string{}}
	registry.put(t, 1, idsUpTo(10)...)
	view.awaitCaughtUp(t)
	view.await(t, registry.want)
}

func topicIsRecreated(t *testing.T, registry *testRegistry, puts int) {
	registry.put(t, 1, idsUpTo(10)...)
	view := readRegistry(t, registry.f.log, registry.topic)
	view.await(t, registry.want)
	registry.f.deleteTopic(t, registry.topic)
	registry.f.createForeignTopic(t, registry.topic, 1, map[string]string{"cleanup.policy": "compact"})
	clear(registry.want)
	for version := range puts {
		registry.put(t, 100+version, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
	}
	view.await(t, registry.want)
	registry.put(t, 200, 1, 20)
	view.await(t, registry.want)
}

func partitionsAreAdded(t *testing.T, kafka cluster, registry *testRegistry) {
	registry.put(t, 1, idsUpTo(20)...)
	view := readRegistry(t, registry.f.log, registry.topic)
	view.awaitCaughtUp(t)
	registry.f.addPartitions(t, registry.topic, 3)
	other := fixture{foreign: foreignClient(t, kafka, kgo.RecordPartitioner(kgo.ManualPartitioner()))}
	record := &kgo.Record{Topic: registry.topic, Key: []byte("7"), Value: []byte("moved"), Partition: 2}
	if err := other.foreign.ProduceSync(within(t, patience), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	registry.want[7] = "moved"
	view.await(t, registry.want)
	late := readRegistry(t, registry.f.log, registry.topic)
	late.awaitCaughtUp(t)
	late.await(t, registry.want)
}
