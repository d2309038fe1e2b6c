package eventlog_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func tailsContract(t *testing.T, f fixture, _ cluster) {
	t.Run("records after Follow are delivered once and in order", func(t *testing.T) { recordsAfterFollow(t, f) })
	t.Run("every follower of a busy partition misses nothing", func(t *testing.T) { busyFollowers(t, f) })
	t.Run("repeats of records before Follow are dropped", func(t *testing.T) {
		topic := f.newTopic(t, 1)
		writer := f.newWriter(t, eventlog.WriterConfig{})
		events := pings(t, 1, 0, 20)
		mustAppend(t, writer, topic, events[:10])
		tails, recorder := f.newTails(t, topic, eventlog.TailConfig{})
		mustFollow(t, tails, 1)
		mustAppend(t, writer, topic, events[5:])
		mustAppend(t, writer, topic, events[15:])
		last := ping(t, 1, 99, 1426633200)
		mustAppend(t, writer, topic, []atlas.Event{last})
		assertSame(t, recorder.await(t, last), append(events[10:20:20], last))
	})
	t.Run("a reader of the history switches to the tail", func(t *testing.T) { switchesToTail(t, f) })
	t.Run("a gap is reported", func(t *testing.T) { gapIsReported(t, f) })
	t.Run("a recreated log is reported", func(t *testing.T) { logRecreated(t, f) })
	t.Run("a recreated log is reported that is longer at once", func(t *testing.T) { longerLogRecreated(t, f) })
	t.Run("a recreated log is reported that becomes longer", func(t *testing.T) { logRecreatedAndGrown(t, f) })
	t.Run("a tail stops some time after the last release, and starts again", func(t *testing.T) { startsAgain(t, f) })
	t.Run("closed", func(t *testing.T) {
		topic := f.newTopic(t, 1)
		tails, _ := f.newTails(t, topic, eventlog.TailConfig{})
		release := mustFollow(t, tails, 1)
		if err := tails.Close(); err != nil {
			t.Fatal(err)
		}
		release()
		if _, err := tails.Follow(within(t, patience), 1, func(int, int64) { t.Error("attached to closed tails") }); !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}

func mustFollow(t testing.TB, tails *eventlog.Tails, measurement atlas.MeasurementID) (release func()) {
	t.Helper()
	attached := 0
	release, err := tails.Follow(within(t, patience), measurement, func(int, int64) { attached++ })
	if err != nil {
		t.Fatal(err)
	}
	if attached != 1 {
		t.Fatalf("attached %d times", attached)
	}
	return release
}

func recordsAfterFollow(t *testing.T, f fixture) {
	topic := f.newTopic(t, 4)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	tails, recorder := f.newTails(t, topic, eventlog.TailConfig{})
	for measurement := atlas.MeasurementID(1); measurement <= 8; measurement++ {
		mustAppend(t, writer, topic, pings(t, measurement, 900, 910))
	}
	for measurement := atlas.MeasurementID(1); measurement <= 8; measurement++ {
		mustFollow(t, tails, measurement)
		mustAppend(t, writer, topic, pings(t, measurement, 0, 300))
	}
	for measurement := atlas.MeasurementID(1); measurement <= 8; measurement++ {
		want := pings(t, measurement, 0, 300)
		got := recorder.await(t, want[len(want)-1])
		assertSame(t, afterNumber(got, want[0]), want)
	}
	if recorder.flushes == 0 {
		t.Error("nothing was flushed")
	}
}

// afterNumber leaves out what an earlier Follow of the same partition had delivered.
func afterNumber(records []atlas.Record, first atlas.Event) []atlas.Record {
	for i, record := range records {
		if record.ID == first.ID {
			return records[i:]
		}
	}
	return records
}

// follower is a Consumer whose receivers attach and detach while records arrive.
type follower struct {
	mu       sync.Mutex
	attached map[int]*[]atlas.Record
	changed  chan struct{}
}

func (f *follower) Deliver(_ int, records []atlas.Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, receiver := range f.attached {
		*receiver = append(*receiver, records...)
	}
}

func (f *follower) Flush(int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.changed)
	f.changed = make(chan struct{})
}

func busyFollowers(t *testing.T, f fixture) {
	const followers = 20
	topic := f.newTopic(t, 1)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	consumer := &follower{attached: map[int]*[]atlas.Record{}, changed: make(chan struct{})}
	tails := f.log.Tails(topic, eventlog.TailConfig{Linger: time.Millisecond}, consumer)
	defer tails.Close()
	stop := keepAppending(t, writer, topic, 1)
	defer stop()
	received := make([][]atlas.Record, followers)
	for i := range followers {
		release, err := tails.Follow(within(t, patience), 1, func(int, int64) { consumer.attach(i, &received[i]) })
		if err != nil {
			t.Fatal(err)
		}
		consumer.awaitRecords(t, &received[i], 5)
		consumer.detach(i)
		release()
	}
	t.Logf("%d records appended meanwhile", stop())
	for i, records := range received {
		for j := 1; j < len(records); j++ {
			if records[j].Position.Offset != records[j-1].Position.Offset+1 {
				t.Fatalf("follower %d: offset %d follows %d", i, records[j].Position.Offset, records[j-1].Position.Offset)
			}
		}
	}
}

func (f *follower) attach(number int, records *[]atlas.Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attached[number] = records
}

func (f *follower) detach(number int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.attached, number)
}

func (f *follower) awaitRecords(t testing.TB, records *[]atlas.Record, count int) {
	t.Helper()
	timeout := time.After(patience)
	for {
		f.mu.Lock()
		got, changed := len(*records), f.changed
		f.mu.Unlock()
		if got >= count {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("got %d records, want %d", got, count)
		}
	}
}

// switchesToTail reads history until the tail's memory has the next record, while records arrive, as a client does that catches up.
func switchesToTail(t *testing.T, f fixture) {
	topic := f.newTopic(t, 1)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	mustAppend(t, writer, topic, pings(t, 1, 0, 500))
	tails, recorder := f.newTails(t, topic, eventlog.TailConfig{})
	stop := keepAppending(t, writer, topic, 2)
	defer stop()
	var got []atlas.Record
	position := atlas.Position{Topic: topic}
	for attempts := 0; ; attempts++ {
		records := f.readRange(t, topic, 0, position.Offset, 1<<62)
		got = append(got, records...)
		position.Offset += int64(len(records))
		_, err := tails.FollowFrom(within(t, patience), position, func(missed []atlas.Record) { got = append(got, missed...) })
		if err == nil {
			break
		}
		if !errors.Is(err, eventlog.ErrNotInRing) {
			t.Fatal(err)
		}
	}
	all := append(pings(t, 1, 0, 500), pings(t, 2, 0, stop())...)
	live := recorder.await(t, all[len(all)-1])
	for i, record := range live {
		if record.Position.Offset == got[len(got)-1].Position.Offset+1 {
			got = append(got, live[i:]...)
			break
		}
	}
	assertSame(t, got, all)
	if _, err := tails.FollowFrom(within(t, patience), atlas.Position{Topic: "other"}, nil); err == nil {
		t.Error("a position of another topic was accepted")
	}
}

// gapIsReported delays a delivery until the records after it are deleted from the log.
func gapIsReported(t *testing.T, f fixture) {
	topic := f.newTopic(t, 1)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	recorder, goOn, gaps := newRecorder(), make(chan struct{}), make(chan eventlog.Gap, 10)
	consumer := &blockingConsumer{recorder: recorder, entered: make(chan struct{}), goOn: goOn}
	tails := f.log.Tails(topic, eventlog.TailConfig{Gap: func(gap eventlog.Gap) { gaps <- gap }}, consumer)
	defer tails.Close()
	mustFollow(t, tails, 1)
	events := pings(t, 1, 0, 10)
	mustAppend(t, writer, topic, events[:1])
	<-consumer.entered
	mustAppend(t, writer, topic, events[1:8])
	f.deleteBefore(t, topic, 6)
	close(goOn)
	got := recorder.await(t, events[7])
	assertSame(t, got, append(events[:1:1], events[6:8]...))
	if gap, want := <-gaps, (eventlog.Gap{Topic: topic, From: 1, To: 6}); gap != want {
		t.Errorf("got gap %+v, want %+v", gap, want)
	}
	if _, err := tails.FollowFrom(within(t, patience), atlas.Position{Topic: topic, Offset: 1}, nil); !errors.Is(err, eventlog.ErrNotInRing) {
		t.Errorf("a position before the gap: got %v, want ErrNotInRing", err)
	}
	mustAppend(t, writer, topic, events[8:])
	recorder.await(t, events[9])
	if len(gaps) > 0 {
		t.Errorf("a second gap: %+v", <-gaps)
	}
}

// blockingConsumer blocks in the first Deliver.
type blockingConsumer struct {
	*recorder
	once          sync.Once
	entered, goOn chan struct{}
}

func (c *blockingConsumer) Deliver(partition int, records []atlas.Record) {
	c.once.Do(func() {
		close(c.entered)
		<-c.goOn
	})
	c.recorder.Deliver(partition, records)
}

// startsAgain follows a partition again after its tail has stopped, while records arrive.
func startsAgain(t *testing.T, f fixture) {
	topic := f.newTopic(t, 1)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	tails, recorder := f.newTails(t, topic, eventlog.TailConfig{Linger: time.Nanosecond})
	for round := range 10 {
		release := mustFollow(t, tails, 1)
		events := pings(t, 1, 10*round, 10*round+10)
		mustAppend(t, writer, topic, events)
		got := recorder.await(t, events[9])
		assertSame(t, got[len(got)-10:], events)
		release()
		release() // a second call does nothing
	}
	assertSame(t, recorder.await(t, ping(t, 1, 99, 1426633299)), pings(t, 1, 0, 100))
}

// logRecreated recreates a log, whose offsets begin at 0 again; the tail reports that and continues at its end. Records of the old log are no repeats
// there.
func logRecreated(t *testing.T, f fixture) {
	topic, writer := f.newTopic(t, 1), f.newWriter(t, eventlog.WriterConfig{})
	gaps := make(chan eventlog.Gap, 10)
	tails, recorder := f.newTails(t, topic, eventlog.TailConfig{Gap: func(gap eventlog.Gap) { gaps <- gap }})
	mustFollow(t, tails, 1)
	events := pings(t, 1, 0, 12)
	mustAppend(t, writer, topic, events[:10])
	recorder.await(t, events[9])
	f.deleteTopic(t, topic)
	f.createForeignTopic(t, topic, 1, nil)
	select {
	case gap := <-gaps:
		if want := (eventlog.Gap{Topic: topic, From: 10, To: 0}); gap != want {
			t.Errorf("got gap %+v, want %+v", gap, want)
		}
	case <-time.After(patience):
		t.Fatal("no gap was reported")
	}
	mustAppend(t, writer, topic, events[8:])
	assertSame(t, recorder.await(t, events[11]), append(events[:10:10], events[8:]...))
}

func (f fixture) deleteTopic(t testing.TB, topic string) {
	t.Helper()
	request := kmsg.NewPtrDeleteTopicsRequest()
	deleted := kmsg.NewDeleteTopicsRequestTopic()
	deleted.Topic = new(topic)
	request.Topics, request.TopicNames, request.TimeoutMillis = append(request.Topics, deleted), []string{topic}, 10_000
	response, err := request.RequestWith(within(t, patience), f.foreign)
	if err != nil || response.Topics[0].ErrorCode != 0 {
		t.Fatalf("delete topic %s: %+v, %v", topic, response, err)
	}
}
