package eventlog_test

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/eventlog/kafkatest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap/zaptest"
)

func measurementContract(t *testing.T, f fixture, kafka cluster) {
	t.Run("it is what Range gives of the measurement", func(t *testing.T) { measurementIsPartOfRange(t, kafka) })
	t.Run("foreign records are treated as Range treats them", func(t *testing.T) { foreignRecordsOfAMeasurement(t, f) })
	t.Run("it reads no more than its range", func(t *testing.T) { measurementReadsItsRange(t, kafka) })
	t.Run("long and many records", func(t *testing.T) { muchOfAMeasurement(t, f) })
	t.Run("records that retention has deleted are reported", func(t *testing.T) {
		topic := f.newTopic(t, 1)
		events := pings(t, 1, 0, 10)
		mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events)
		f.deleteBefore(t, topic, 4)
		assertSame(t, f.readMeasurement(t, topic, 1, 4, 10), events[4:])
		for _, from := range []int64{0, 3, 11} {
			_, err := f.log.History().Measurement(within(t, patience), topic, 1, from, 20)
			want := eventlog.OffsetGoneError{Topic: topic, Offset: from, First: 4, Next: 10}
			if gone, ok := errors.AsType[*eventlog.OffsetGoneError](err); !ok || *gone != want {
				t.Errorf("from %d: got %v, want %v", from, err, &want)
			}
		}
	})
	t.Run("a recreated log is read again, though readers share what they have read", func(t *testing.T) { sharedLogRecreated(t, f) })
	t.Run("a scan shows whose records are there", func(t *testing.T) { scanShowsRecords(t, f) })
	t.Run("archives are listed", func(t *testing.T) { archivesAreListed(t, f) })
}

// measurementIsPartOfRange reads a log of some measurements with repeats from anywhere to anywhere.
func measurementIsPartOfRange(t *testing.T, kafka cluster) {
	dice := rand.New(rand.NewPCG(7, 7))
	shortHorizon := fixture{log: openLog(t, kafka, eventlog.Config{RepeatHorizon: 50})}
	topic := shortHorizon.newTopic(t, 1)
	var sequence []atlas.Event
	for len(sequence) < 700 {
		sequence = append(sequence, ping(t, 1+atlas.MeasurementID(dice.IntN(3)), dice.IntN(60), 1426633200))
	}
	mustAppend(t, shortHorizon.newWriter(t, eventlog.WriterConfig{}), topic, sequence)
	for range 60 {
		from := dice.Int64N(700)
		to := from + dice.Int64N(800-from)
		measurement := 1 + atlas.MeasurementID(dice.IntN(4)) // of the last one there is nothing
		want := measurementsOf(shortHorizon.readRange(t, topic, 0, from, to), measurement)
		got := shortHorizon.readMeasurement(t, topic, measurement, from, to)
		if !slices.EqualFunc(got, want, sameRecord) {
			t.Fatalf("measurement %d from %d to %d: got %d records, want %d", measurement, from, to, len(got), len(want))
		}
	}
}

func sameRecord(a, b atlas.Record) bool {
	return a.Position == b.Position && a.ID == b.ID && a.Time.Equal(b.Time) && a.Measurement == b.Measurement && a.Probe == b.Probe && a.Type == b.Type &&
		a.Stream == b.Stream && string(a.Value) == string(b.Value)
}

func foreignRecordsOfAMeasurement(t *testing.T, f fixture) {
	topic := f.newTopic(t, 1)
	ours, others := pings(t, 1001, 0, 6), pings(t, 2, 0, 6)
	for i, key := range []string{"1001", "", "not decimal", "01001", "12345678901234567890"} {
		f.produce(t, topic, key, string(ours[i].Value))
		f.produce(t, topic, key, string(others[i].Value))
	}
	f.produce(t, topic, "1001", "no event at all")
	f.produce(t, topic, "", "")
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, ours[2:]) // three of them are repeats of theirs
	assertSame(t, f.readMeasurement(t, topic, 1001, 0, 100), ours)
	assertSame(t, measurementsOf(f.readAll(t, topic, 0), 1001), ours)
}

func measurementReadsItsRange(t *testing.T, kafka cluster) {
	counted := prometheus.NewRegistry()
	log, err := eventlog.Open(eventlog.Config{Brokers: kafka.Addrs(), RepeatHorizon: 100}, zaptest.NewLogger(t), counted)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	f := fixture{log: log}
	topic := f.newTopic(t, 1)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	for number := range 20 {
		mustAppend(t, writer, topic, pings(t, 1+atlas.MeasurementID(number%2), number*50, number*50+50))
	}
	for _, part := range []struct {
		from, to int64
		want     float64
	}{{0, 1000, 1000}, {500, 510, 110}, {70, 75, 75}, {999, 5000, 101}, {300, 300, 0}, {1000, 1000, 0}} {
		before := sumOf(t, counted, "atlas_eventlog_records_read_total")
		f.readMeasurement(t, topic, 2, part.from, part.to)
		if got := sumOf(t, counted, "atlas_eventlog_records_read_total") - before; got != part.want {
			t.Errorf("from %d to %d: read %v records, want %v", part.from, part.to, got, part.want)
		}
	}
}

// muchOfAMeasurement has more in a response than is read ahead, and is read late.
func muchOfAMeasurement(t *testing.T, f fixture) {
	topic := f.newTopic(t, 1)
	var events []atlas.Event
	for number := range 60 {
		event := ping(t, 1, number, 1426633200)
		event.Value = append(event.Value[:len(event.Value)-1], `,"long":"`...)
		event.Value = append(append(event.Value, make([]byte, 200_000)...), `"}`...)
		for i := range event.Value {
			if event.Value[i] == 0 {
				event.Value[i] = 'x'
			}
		}
		event.ID = atlas.EventIDOf(event.Value)
		events = append(events, event)
	}
	events = append(events, pings(t, 1, 60, 3000)...)
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events)
	assertSame(t, f.readMeasurement(t, topic, 1, 0, 3000), events)
}

func (f fixture) readMeasurement(t testing.TB, topic string, measurement atlas.MeasurementID, from, to int64) (records []atlas.Record) {
	t.Helper()
	reader, err := f.log.History().Measurement(within(t, patience), topic, measurement, from, to)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for {
		record, err := reader.Next(within(t, patience))
		if errors.Is(err, io.EOF) {
			return records
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, *record)
	}
}

func scanShowsRecords(t *testing.T, f fixture) {
	topic := f.newTopic(t, 1)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	mustAppend(t, writer, topic, append(pings(t, 1, 0, 3), pings(t, 2, 3, 5)...))
	f.produce(t, topic, "no ID", "no event")
	scan := func(from, to int64, most int) (seen []string) {
		see := func(measurement atlas.MeasurementID, at time.Time) bool {
			label := strconv.FormatInt(int64(measurement), 10)
			if measurement != 0 {
				label += "@" + strconv.FormatInt(at.Unix()-1426633200, 10)
			}
			seen = append(seen, label)
			return len(seen) < most
		}
		if _, _, err := f.log.History().ScanWithin(within(t, patience), topic, 0, from, to, math.MaxInt64, see, func(int64, int64) {}); err != nil {
			t.Fatal(err)
		}
		return seen
	}
	for _, test := range []struct {
		from, to int64
		most     int
		want     []string
	}{
		{0, 100, 100, []string{"1@0", "1@1", "1@2", "2@3", "2@4", "0"}}, {1, 4, 100, []string{"1@1", "1@2", "2@3"}}, {0, 100, 2, []string{"1@0", "1@1"}}, {3, 3, 9, nil},
	} {
		if got := scan(test.from, test.to, test.most); !slices.Equal(got, test.want) {
			t.Errorf("from %d to %d: got %q, want %q", test.from, test.to, got, test.want)
		}
	}
	scanEndsByBytes(t, f, topic)
}

// scanEndsByBytes goes through one record after the other, each of which is more than is allowed.
func scanEndsByBytes(t *testing.T, f fixture, topic string) {
	var all int64
	for from := range int64(6) {
		seen, came := 0, int64(0)
		next, bytes, err := f.log.History().ScanWithin(within(t, patience), topic, 0, from, 100, 1,
			func(atlas.MeasurementID, time.Time) bool { seen++; return true }, func(records, _ int64) { came += records })
		if err != nil || seen != 1 || next != from+1 {
			t.Errorf("from %d: saw %d records, up to %d, %v", from, seen, next, err)
		}
		if from < 5 && came != 5 { // those of its batch
			t.Errorf("from %d: %d records came, want 5", from, came)
		}
		all += bytes
	}
	came := int64(0)
	next, bytes, err := f.log.History().ScanWithin(within(t, patience), topic, 0, 0, 100, 1<<20,
		func(atlas.MeasurementID, time.Time) bool { return true }, func(_, bytes int64) { came += bytes })
	if came < bytes {
		t.Errorf("%d bytes came, of which %d were gone through", came, bytes)
	}
	if err != nil || next != 6 || bytes != all || all < 6*int64(len("no event")) {
		t.Errorf("went up to %d, through %d bytes, %v; want %d", next, bytes, err, all)
	}
}

func archivesAreListed(t *testing.T, f fixture) {
	topic := f.newTopic(t, 2)
	f.createForeignTopic(t, "foreign."+topic, 1, nil)
	var archives []string
	for ctx := within(t, patience); !slices.Contains(archives, topic); {
		var err error
		if archives, err = f.log.History().Archives(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.IsSorted(archives) || slices.ContainsFunc(archives, func(topic string) bool { return !eventlog.IsArchiveTopic(topic) }) {
		t.Errorf("got %q", archives)
	}
}

// An archive that a foreign producer makes is listed at once, whatever kafka-go knew of topics a moment before.
func TestArchivesAreListedAtOnce(t *testing.T) {
	f := newFixture(t, startEmbedded(t, embedded.Config{}))
	for _, name := range []string{"first", "second", "third"} {
		topic, err := eventlog.ArchiveTopic(name)
		if err != nil {
			t.Fatal(err)
		}
		f.createForeignTopic(t, topic, 1, nil)
		if archives, err := f.log.History().Archives(t.Context()); err != nil || !slices.Contains(archives, topic) {
			t.Errorf("got %q, %v; want %s among them", archives, err, topic)
		}
	}
}

func TestReaderSurvivesItsBroker(t *testing.T) {
	t.Run("restarted", func(t *testing.T) {
		cfg := embedded.Config{Dir: t.TempDir()}
		broker := startEmbedded(t, cfg)
		measurementWhile(t, newFixture(t, broker), func() {
			cfg.Listen = broker.Addrs()[0]
			if err := broker.Close(); err != nil {
				t.Error(err)
			}
			startEmbedded(t, cfg)
		})
	})
	t.Run("failing", func(t *testing.T) {
		broker := startEmbedded(t, embedded.Config{})
		measurementWhile(t, newFixture(t, broker), func() {
			broker.Fault(embedded.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: 3})
		})
	})
}

func TestReaderSurvivesARestartOfApacheKafka(t *testing.T) {
	kafka := kafkatest.Start(t, 1)
	measurementWhile(t, newFixture(t, kafka), func() { mustRestart(t, kafka, 0) })
}

// measurementWhile reads a measurement, and has something happen in the middle.
func measurementWhile(t *testing.T, f fixture, happens func()) {
	topic := f.newTopic(t, 1)
	events := pings(t, 1, 0, 20_000)
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events)
	reader, err := f.log.History().Measurement(within(t, patience), topic, 1, 0, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var records []atlas.Record
	for len(records) < len(events) {
		if len(records) == 5_000 {
			happens()
		}
		record, err := reader.Next(within(t, patience))
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, *record)
	}
	assertSame(t, records, events)
	if _, err := reader.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("got %v after the last record, want io.EOF", err)
	}
}
