package eventlog_test

import (
	"testing"
	"time"

	"atlasstream/pkg/eventlog"
)

// longerLogRecreated recreates a log while its tail does not fetch: when it fetches again, the log has the offset that comes next. What the new log has is
// delivered from its start.
func longerLogRecreated(t *testing.T, f fixture) {
	topic, writer := f.newTopic(t, 1), f.newWriter(t, eventlog.WriterConfig{})
	gaps := make(chan eventlog.Gap, 10)
	recorder, goOn := newRecorder(), make(chan struct{})
	consumer := &blockingConsumer{recorder: recorder, entered: make(chan struct{}), goOn: goOn}
	tails := f.log.Tails(topic, eventlog.TailConfig{Gap: func(gap eventlog.Gap) { gaps <- gap }}, consumer)
	defer tails.Close()
	mustFollow(t, tails, 1)
	events := pings(t, 1, 0, 30)
	mustAppend(t, writer, topic, events[:1])
	<-consumer.entered
	f.recreate(t, topic)
	mustAppend(t, writer, topic, events[10:30])
	time.Sleep(time.Second) // as long as a tail trusts a log that it does not look at
	close(goOn)
	assertSame(t, recorder.await(t, events[29]), append(events[:1:1], events[10:]...))
	if gap, want := <-gaps, (eventlog.Gap{Topic: topic, From: 1, To: 0}); gap != want || len(gaps) > 0 {
		t.Errorf("got gap %+v and %d others, want %+v", gap, len(gaps), want)
	}
}

// logRecreatedAndGrown recreates a log that is followed, and makes it longer than it was as fast as it can. The tail notices when it is short or when it is long;
// from where it says that it continues, nothing is missing.
func logRecreatedAndGrown(t *testing.T, f fixture) {
	topic, writer := f.newTopic(t, 1), f.newWriter(t, eventlog.WriterConfig{})
	gaps := make(chan eventlog.Gap, 10)
	tails, recorder := f.newTails(t, topic, eventlog.TailConfig{Gap: func(gap eventlog.Gap) { gaps <- gap }})
	mustFollow(t, tails, 1)
	events := pings(t, 1, 0, 40)
	mustAppend(t, writer, topic, events[:10])
	recorder.await(t, events[9])
	f.recreate(t, topic)
	mustAppend(t, writer, topic, events[10:39])
	select {
	case gap := <-gaps:
		if gap.From != 10 || gap.To >= 10 {
			t.Fatalf("got gap %+v, want one from 10 back", gap)
		}
		mustAppend(t, writer, topic, events[39:])
		assertSame(t, recorder.await(t, events[39]), append(events[:10:10], events[10+gap.To:]...))
	case <-time.After(patience):
		t.Fatal("no gap was reported")
	}
}

// sharedLogRecreated recreates a log of which readers share what they have read: who reads it later gets what the new log has at the same offsets.
func sharedLogRecreated(t *testing.T, f fixture) {
	topic, writer := f.newTopic(t, 1), f.newWriter(t, eventlog.WriterConfig{})
	events := pings(t, 1, 0, 40)
	mustAppend(t, writer, topic, events[:20])
	for range 2 { // which are both open until the test ends
		reader, err := f.log.History().Measurement(within(t, patience), topic, 1, 0, 20)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		for range 20 {
			if _, err := reader.Next(within(t, patience)); err != nil {
				t.Fatal(err)
			}
		}
	}
	assertSame(t, f.readMeasurement(t, topic, 1, 0, 20), events[:20])
	f.recreate(t, topic)
	mustAppend(t, writer, topic, events[20:])
	assertSame(t, f.readMeasurement(t, topic, 1, 0, 20), events[20:])
}

// recreate deletes a topic, and makes one of the same name when all clients may know that it is gone.
func (f fixture) recreate(t testing.TB, topic string) {
	t.Helper()
	f.deleteTopic(t, topic)
	time.Sleep(2 * time.Second)
	f.createForeignTopic(t, topic, 1, nil)
}
