package eventlog_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestLeaderMovesUnderLoad(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{Nodes: 3})
	load := newLoad(t, newFixture(t, broker))
	load.during(t, func() {
		for move := range 12 {
			if err := broker.MoveLeader(load.topic, move%loadPartitions, move%3); err != nil {
				t.Error(err)
			}
			load.awaitProgress(t, 20)
		}
	})
}

func TestNodeLostUnderLoad(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{Nodes: 3})
	load := newLoad(t, newFixture(t, broker))
	load.during(t, func() {
		if err := broker.RemoveNode(0); err != nil {
			t.Error(err)
		}
	})
}

func TestConnectionsCutUnderLoad(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{})
	load := newLoad(t, newFixture(t, broker))
	load.during(t, func() {
		for range 5 {
			broker.Disconnect()
			load.awaitProgress(t, 20)
		}
	})
}

func TestBrokerRestartedUnderLoad(t *testing.T) {
	cfg := embedded.Config{Dir: t.TempDir()}
	broker := startEmbedded(t, cfg)
	load := newLoad(t, newFixture(t, broker))
	load.during(t, func() {
		cfg.Listen = broker.Addrs()[0]
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
		startEmbedded(t, cfg)
	})
}

// A broker that took a batch and answers with an error nevertheless is sent it again: the log has it twice, and readers once.
func TestAppendedInSpiteOfAnError(t *testing.T) {
	for _, answer := range []*kerr.Error{kerr.RequestTimedOut, kerr.NotEnoughReplicasAfterAppend} {
		t.Run(answer.Message, func(t *testing.T) {
			broker := startEmbedded(t, embedded.Config{})
			load := newLoad(t, newFixture(t, broker))
			load.during(t, func() {
				broker.Fault(embedded.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: answer, Count: 20})
			})
		})
	}
}

// A broker that takes no further records answers for each of them, and for no other.
func TestRefusedRecordsAreReported(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{})
	f := newFixture(t, broker)
	topic, writer := f.newTopic(t, 1), f.newWriter(t, eventlog.WriterConfig{})
	mustAppend(t, writer, topic, pings(t, 1, 0, 1))
	fault := broker.Fault(embedded.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.TopicAuthorizationFailed, Count: -1})
	var failed *eventlog.AppendError
	if err := writer.Append(within(t, patience), topic, pings(t, 1, 1, 3)); !errors.As(err, &failed) || failed.Outcomes[0] == nil || failed.Outcomes[1] == nil {
		t.Errorf("got %v, want both refused", err)
	}
	fault.Remove()
	mustAppend(t, writer, topic, pings(t, 1, 3, 4))
	if got := f.readAll(t, topic, 0); len(got) != 2 {
		t.Errorf("the log has %d records, want 2", len(got))
	}
}

// A record that Kafka has not acknowledged when the context ends has an unknown outcome; its memory is not free before Kafka has answered.
func TestAppendWhileKafkaHangs(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{})
	f := newFixture(t, broker)
	topic, writer := f.newTopic(t, 1), f.newWriter(t, eventlog.WriterConfig{WaitingBytes: 100_000})
	mustAppend(t, writer, topic, pings(t, 1, 0, 1))
	release := broker.Hold(kmsg.Produce)
	var failed *eventlog.AppendError
	if err := writer.Append(briefly(t), topic, pings(t, 1, 1, 6)); !errors.As(err, &failed) || !errors.Is(failed.Outcomes[0], eventlog.ErrUnknownOutcome) ||
		!errors.Is(failed.Outcomes[0], context.DeadlineExceeded) {
		t.Errorf("got %v, want ErrUnknownOutcome", err)
	}
	if err := writer.Append(t.Context(), topic, pings(t, 1, 6, 8)); !errors.Is(err, eventlog.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	release()
	events := pings(t, 1, 8, 10)
	for err := eventlog.ErrBusy; errors.Is(err, eventlog.ErrBusy); {
		err = writer.Append(within(t, patience), topic, events)
		if err != nil && !errors.Is(err, eventlog.ErrBusy) {
			t.Fatal(err)
		}
	}
	assertSame(t, f.readAll(t, topic, 0), append(pings(t, 1, 0, 6), events...))
}

// A Writer whose Kafka hangs is closed when the context ends.
func TestCloseWhileKafkaHangs(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{})
	f := newFixture(t, broker)
	topic, writer := f.newTopic(t, 1), f.log.Writer(eventlog.WriterConfig{})
	mustAppend(t, writer, topic, pings(t, 1, 0, 1))
	broker.Hold(kmsg.Produce)
	if err := writer.Append(briefly(t), topic, pings(t, 1, 1, 2)); err == nil {
		t.Error("Kafka answered although it hangs")
	}
	assertClosesInTime(t, writer)
}

// A Writer that retries is closed when the context ends, and pending Appends fail.
func TestCloseWhileKafkaFails(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{})
	f := newFixture(t, broker)
	topic, writer := f.newTopic(t, 1), f.log.Writer(eventlog.WriterConfig{})
	fault := broker.Fault(embedded.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
	appended := make(chan error, 1)
	go func() { appended <- writer.Append(t.Context(), topic, pings(t, 1, 0, 1)) }()
	if err := fault.Wait(within(t, patience), 2); err != nil {
		t.Fatal(err)
	}
	assertClosesInTime(t, writer)
	if err := <-appended; err == nil || !strings.Contains(err.Error(), eventlog.ErrClosed.Error()) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func briefly(t testing.TB) context.Context { return within(t, 100*time.Millisecond) }

func assertClosesInTime(t *testing.T, writer *eventlog.Writer) {
	t.Helper()
	before := time.Now()
	if err := writer.Close(briefly(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
	if took := time.Since(before); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// hungFetch is less than it takes until a fetch that Kafka does not answer is given up.
const hungFetch = 5 * time.Second

// Tails end at once, whatever Kafka does with their requests.
func TestTailsEndWhileKafkaHangs(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{})
	f := newFixture(t, broker)
	topic := f.newTopic(t, 4)
	tails, _ := f.newTails(t, topic, eventlog.TailConfig{})
	for measurement := range atlas.MeasurementID(8) {
		mustFollow(t, tails, measurement+1)
	}
	broker.Hold(kmsg.Fetch)
	before := time.Now()
	if err := tails.Close(); err != nil {
		t.Error(err)
	}
	if err := f.log.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(before); took > hungFetch {
		t.Errorf("took %s", took)
	}
}

// Whatever a fetch is answered with, the tail goes on afterwards.
func TestTailSurvivesErrors(t *testing.T) {
	for _, answer := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.UnknownTopicOrPartition, kerr.OffsetOutOfRange, kerr.KafkaStorageError, kerr.UnknownServerError, kerr.OffsetNotAvailable,
	} {
		t.Run(answer.Message, func(t *testing.T) {
			broker := startEmbedded(t, embedded.Config{})
			f := newFixture(t, broker)
			topic, writer := f.newTopic(t, 1), f.newWriter(t, eventlog.WriterConfig{})
			gaps := make(chan eventlog.Gap, 1)
			tails, recorder := f.newTails(t, topic, eventlog.TailConfig{Gap: func(gap eventlog.Gap) { gaps <- gap }})
			mustFollow(t, tails, 1)
			broker.Fault(embedded.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: answer, Count: 3})
			events := pings(t, 1, 0, 50)
			mustAppend(t, writer, topic, events)
			assertSame(t, recorder.await(t, events[49]), events)
			if len(gaps) > 0 {
				t.Errorf("told a gap that is none: %+v", <-gaps)
			}
		})
	}
}
