package eventlog_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

func measurementsContract(t *testing.T, f fixture, kafka cluster) {
	t.Run("they are what Range gives of them", func(t *testing.T) { measurementsArePartOfRange(t, kafka) })
	t.Run("a reader that resumes at the position misses nothing", func(t *testing.T) { positionsAreWhereToResume(t, kafka) })
	t.Run("the read-ahead is bounded", func(t *testing.T) { readAheadIsBounded(t, f) })
	t.Run("none are refused", func(t *testing.T) {
		if _, err := f.log.History().Measurements(within(t, patience), f.newTopic(t, 1), 0, nil, 0, 0); err == nil {
			t.Error("got no error")
		}
	})
}

const mixedRecords = 700

// mixed writes records of measurements 1 to 4 with many repeats.
func mixed(t *testing.T, kafka cluster, dice *rand.Rand) (f fixture, topic string) {
	t.Helper()
	f = fixture{log: openLog(t, kafka, eventlog.Config{RepeatHorizon: 50})}
	topic = f.newTopic(t, 1)
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, someOf(t, dice, mixedRecords))
	return f, topic
}

func someOf(t *testing.T, dice *rand.Rand, count int) (events []atlas.Event) {
	t.Helper()
	for range count {
		events = append(events, ping(t, 1+atlas.MeasurementID(dice.IntN(4)), dice.IntN(50), 1426633200))
	}
	return events
}

// anyMeasurements returns some of 1 to 5, of the last of which there is nothing.
func anyMeasurements(dice *rand.Rand) (measurements []atlas.MeasurementID) {
	for _, drawn := range dice.Perm(5)[:1+dice.IntN(5)] {
		measurements = append(measurements, 1+atlas.MeasurementID(drawn))
	}
	return measurements
}

func ofMeasurements(records []atlas.Record, measurements []atlas.MeasurementID) []atlas.Record {
	return slices.DeleteFunc(records, func(r atlas.Record) bool { return !slices.Contains(measurements, r.Measurement) })
}

func (f fixture) openMeasurements(t testing.TB, topic string, measurements []atlas.MeasurementID, from, to int64) *eventlog.Reader {
	t.Helper()
	reader, err := f.log.History().Measurements(within(t, patience), topic, 0, measurements, from, to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	return reader
}

// readOn reads up to so many records, or to the end.
func readOn(t testing.TB, reader *eventlog.Reader, most int) (records []atlas.Record) {
	t.Helper()
	for len(records) < most {
		record, err := reader.Next(within(t, patience))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, *record)
	}
	return records
}

const all = 1 << 30

func measurementsArePartOfRange(t *testing.T, kafka cluster) {
	dice := rand.New(rand.NewPCG(11, 11))
	f, topic := mixed(t, kafka, dice)
	for range 60 {
		from := dice.Int64N(mixedRecords)
		to := from + dice.Int64N(mixedRecords+100-from)
		measurements := anyMeasurements(dice)
		want := ofMeasurements(f.readRange(t, topic, 0, from, to), measurements)
		got := readOn(t, f.openMeasurements(t, topic, measurements, from, to), all)
		if !slices.EqualFunc(got, want, sameRecord) {
			t.Fatalf("measurements %v from %d to %d: got %d records, want %d", measurements, from, to, len(got), len(want))
		}
	}
}

func positionsAreWhereToResume(t *testing.T, kafka cluster) {
	dice := rand.New(rand.NewPCG(12, 12))
	f, topic := mixed(t, kafka, dice)
	for range 60 {
		from := dice.Int64N(mixedRecords)
		measurements := anyMeasurements(dice)
		want := ofMeasurements(f.readRange(t, topic, 0, from, mixedRecords), measurements)
		first := f.openMeasurements(t, topic, measurements, from, mixedRecords)
		if first.Position() != from {
			t.Errorf("got position %d before anything was read, want %d", first.Position(), from)
		}
		got := readOn(t, first, dice.IntN(100))
		if len(got) > 0 && first.Position() <= got[len(got)-1].Position.Offset {
			t.Errorf("got position %d after the record at %d", first.Position(), got[len(got)-1].Position.Offset)
		}
		got = append(got, readOn(t, f.openMeasurements(t, topic, measurements, first.Position(), mixedRecords), all)...)
		if !slices.EqualFunc(got, want, sameRecord) {
			t.Fatalf("measurements %v from %d on, with a stop: got %d records, want %d", measurements, from, len(got), len(want))
		}
		if readOn(t, first, all); first.Position() != mixedRecords {
			t.Errorf("got position %d at the end, want %d", first.Position(), mixedRecords)
		}
	}
}

func readAheadIsBounded(t *testing.T, f fixture) {
	const size, bound = 10_000, 64 << 10
	topic := f.newTopic(t, 1)
	events := pings(t, 1, 0, 500)
	for i := range events {
		events[i].Value = slices.Concat(events[i].Value, slices.Repeat([]byte(" "), size)) // it compresses well, so that a response has much of it
		events[i].ID = atlas.EventIDOf(events[i].Value)
	}
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events)
	reader := f.openMeasurements(t, topic, []atlas.MeasurementID{1, 2}, 0, 500)
	reader.ReadAhead(bound)
	var records []atlas.Record
	for len(records) < len(events) {
		records = append(records, readOn(t, reader, 1)...)
		ahead := 1
		for ; reader.Ready() && len(records) < len(events); ahead++ {
			records = append(records, readOn(t, reader, 1)...)
		}
		if ahead > bound/size+1 {
			t.Fatalf("%d records were read ahead, want at most %d", ahead, bound/size+1)
		}
	}
	assertSame(t, records, events)
}
