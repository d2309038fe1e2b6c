package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// layoutContract changes the number of a topic's partitions, which readers refuse.
func layoutContract(t *testing.T, f fixture, kafka cluster) {
	t.Run("partitions are added while a topic is followed", func(t *testing.T) { partitionsAreAddedLive(t, f, kafka) })
	t.Run("partitions were added before", func(t *testing.T) { partitionsWereAdded(t, f, kafka) })
	t.Run("a topic is recreated with fewer, and then as it was", func(t *testing.T) { topicIsRecreatedWithFewer(t, f, kafka) })
	t.Run("records without a measurement's key may be anywhere", func(t *testing.T) {
		topic := f.newTopic(t, 4)
		stray := fixture{foreign: foreignClient(t, kafka, kgo.RecordPartitioner(kgo.ManualPartitioner()))}
		for partition := range int32(4) {
			stray.produceAt(t, topic, partition, "")
			stray.produceAt(t, topic, partition, "some-name")
		}
		mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, pings(t, 1001, 0, 1))
		if err := openLog(t, kafka, eventlog.Config{Topics: []string{topic}}).Check(within(t, patience)); err != nil {
			t.Error(err)
		}
	})
	t.Run("deleted topics are recreated", func(t *testing.T) { deletedTopicsAreRecreated(t, f, kafka) })
}

// watched is a log whose one topic is checked, as services do it.
func watched(t *testing.T, kafka cluster, topic string) fixture {
	t.Helper()
	log := openLog(t, kafka, eventlog.Config{Topics: []string{topic}})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); log.Watch(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return fixture{log: log, foreign: foreignClient(t, kafka)}
}

func partitionsAreAddedLive(t *testing.T, f fixture, kafka cluster) {
	topic := f.newTopic(t, 4)
	w := watched(t, kafka, topic)
	changes := make(chan eventlog.PartitionsChange, 10)
	tails, recorder := w.newTails(t, topic, eventlog.TailConfig{PartitionsChange: func(change eventlog.PartitionsChange) { changes <- change }})
	mustFollow(t, tails, 1001)
	writer := w.newWriter(t, eventlog.WriterConfig{})
	events := pings(t, 1001, 0, 3)
	mustAppend(t, writer, topic, events)
	recorder.await(t, events[2])
	before := time.Now()
	f.addPartitions(t, topic, 8)
	change := awaitChange(t, changes)
	if want := eventlog.PartitionOf(1001, 4); change.Partition != want || change.From > 3 || change.Since.After(before) || change.Err.Topic != topic {
		t.Errorf("got %+v, want partition %d, an offset up to 3 and a time before %s", change, want, before)
	}
	assertRefused(t, w, topic)
	if err := writer.Append(within(t, patience), topic, manyMeasurements(t, 50)); !isChanged(err) {
		t.Errorf("appended with %v", err)
	}
	for partition := 4; partition < 8; partition++ {
		if first, next, err := w.log.History().Bounds(within(t, patience), topic, partition); err != nil || first != next {
			t.Errorf("partition %d has records from %d to before %d, %v", partition, first, next, err)
		}
	}
	assertSame(t, w.readAll(t, topic, change.Partition), events) // who reads on by offsets still can
	if len(changes) > 0 {
		t.Errorf("a second notification: %+v", <-changes)
	}
}

func awaitChange(t *testing.T, changes <-chan eventlog.PartitionsChange) eventlog.PartitionsChange {
	t.Helper()
	select {
	case change := <-changes:
		return change
	case <-time.After(patience):
		t.Fatal("no notification")
		return eventlog.PartitionsChange{}
	}
}

// assertRefused wants a topic to be refused wherever a measurement's partition is looked for, at once.
func assertRefused(t *testing.T, f fixture, topic string) {
	t.Helper()
	tails, _ := f.newTails(t, topic, eventlog.TailConfig{})
	_, followed := tails.Follow(within(t, patience), 1001, func(int, int64) {})
	_, located := f.log.History().Partition(within(t, patience), topic, 1001)
	_, read := f.log.History().Measurement(within(t, patience), topic, 1001, 0, 1)
	for name, err := range map[string]error{
		"Check": f.log.Check(within(t, patience)), "Follow": followed, "Partition": located, "Measurement": read,
		"EnsureTopics": f.log.EnsureTopics(within(t, patience), eventlog.TopicSpec{Name: topic, Partitions: 4}),
	} {
		if !isChanged(err) {
			t.Errorf("%s: got %v, want a PartitionsChangedError", name, err)
		}
	}
}

func isChanged(err error) bool {
	_, is := errors.AsType[*eventlog.PartitionsChangedError](err)
	return is
}

// partitionsWereAdded has processes start that never knew of the number before.
func partitionsWereAdded(t *testing.T, f fixture, kafka cluster) {
	topic := f.newTopic(t, 4)
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, manyMeasurements(t, 50))
	f.addPartitions(t, topic, 8)
	assertRefused(t, watched(t, kafka, topic), topic)
}

// topicIsRecreatedWithFewer has the topic as it was in the end, which is right again without a restart.
func topicIsRecreatedWithFewer(t *testing.T, f fixture, kafka cluster) {
	spec := unusedSpec(t)
	spec.Partitions = 4
	topic := spec.Name
	mustEnsure(t, f, spec)
	w := watched(t, kafka, topic)
	changes := make(chan eventlog.PartitionsChange, 10)
	tails, _ := w.newTails(t, topic, eventlog.TailConfig{PartitionsChange: func(change eventlog.PartitionsChange) { changes <- change }})
	mustFollow(t, tails, 1001)
	f.deleteTopic(t, topic)
	f.createForeignTopic(t, topic, 2, nil)
	awaitChange(t, changes)
	assertRefused(t, w, topic)
	f.deleteTopic(t, topic)
	f.createForeignTopic(t, topic, 4, nil)
	until(t, func() bool { return w.log.Check(within(t, patience)) == nil })
	events := pings(t, 1001, 0, 3)
	later, recorder := w.newTails(t, topic, eventlog.TailConfig{})
	mustFollow(t, later, 1001)
	mustAppend(t, w.newWriter(t, eventlog.WriterConfig{}), topic, events)
	assertSame(t, recorder.await(t, events[2]), events)
}

// deletedTopicsAreRecreated as they were, be it another number of partitions than the description has.
func deletedTopicsAreRecreated(t *testing.T, f fixture, kafka cluster) {
	found, made := unusedSpec(t), unusedSpec(t)
	found.Partitions, made.Partitions = 2, 3
	f.createForeignTopic(t, found.Name, 5, nil)
	log := openLog(t, kafka, eventlog.Config{Topics: []string{found.Name, made.Name}})
	told := keepTopics(t, log, found, made)
	awaitTold(t, told, isUsable)
	f.deleteTopic(t, found.Name)
	f.deleteTopic(t, made.Name)
	until(t, func() bool { return f.has(t, found.Name, 5) && f.has(t, made.Name, 3) })
	f.addPartitions(t, made.Name, 6)
	awaitTold(t, told, isChanged)
}

// until waits for a condition.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// has asks the cluster itself.
func (f fixture) has(t *testing.T, topic string, partitions int) bool {
	t.Helper()
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{{Topic: new(topic)}}
	metadata, err := request.RequestWith(within(t, patience), f.foreign)
	if err != nil {
		t.Fatal(err)
	}
	return len(metadata.Topics) == 1 && len(metadata.Topics[0].Partitions) == partitions
}

func mustEnsure(t *testing.T, f fixture, specs ...eventlog.TopicSpec) {
	t.Helper()
	if err := f.log.EnsureTopics(within(t, patience), specs...); err != nil {
		t.Fatal(err)
	}
}

// manyMeasurements are results of measurements 1 and up, which have some in every partition.
func manyMeasurements(t *testing.T, count int) (events []atlas.Event) {
	t.Helper()
	for measurement := range count {
		events = append(events, ping(t, atlas.MeasurementID(measurement+1), measurement, 1426633200))
	}
	return events
}

// addPartitions returns once every broker knows of them.
func (f fixture) addPartitions(t *testing.T, topic string, partitions int32) {
	t.Helper()
	request := kmsg.NewPtrCreatePartitionsRequest()
	request.Topics = []kmsg.CreatePartitionsRequestTopic{{Topic: topic, Count: partitions}}
	request.TimeoutMillis = 10_000
	response, err := request.RequestWith(within(t, patience), f.foreign)
	if err != nil || response.Topics[0].ErrorCode != 0 {
		t.Fatalf("got %+v, %v", response, err)
	}
	for _, broker := range f.foreign.SeedBrokers() {
		until(t, func() bool { return knows(t, broker, topic, int(partitions)) })
	}
}

func knows(t *testing.T, broker *kgo.Broker, topic string, partitions int) bool {
	t.Helper()
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{{Topic: new(topic)}}
	response, err := broker.Request(within(t, patience), request)
	if err != nil {
		t.Fatal(err)
	}
	return len(response.(*kmsg.MetadataResponse).Topics[0].Partitions) == partitions
}

func (f fixture) produceAt(t testing.TB, topic string, partition int32, key string) {
	t.Helper()
	value := fmt.Sprintf(`{"msm_id":1,"prb_id":%d,"timestamp":1426633200,"type":"ping"}`, partition+1)
	record := &kgo.Record{Topic: topic, Partition: partition, Value: []byte(value)}
	if key != "" {
		record.Key = []byte(key)
	}
	if err := f.foreign.ProduceSync(within(t, patience), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
}
