package eventlog

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"
)

func assertGone(t *testing.T, what string, err error, offset, first int64) {
	t.Helper()
	gone, ok := errors.AsType[*OffsetGoneError](err)
	if !ok || gone.Offset != offset || gone.First != first || gone.Next != 9 || gone.Unreadable == nil {
		t.Errorf("%s: got %v, want that the offsets from %d to before %d are unreadable", what, err, offset, first)
	}
}

// A reader reports which offsets are unreadable, and continues after them.
func TestReadersReportUnreadableBatches(t *testing.T) {
	reader := newTestReader(t, damagedLog(ResultsTopic), 0)
	var got []int64
	take := func(record *kafka.Record) error {
		if record.Offset >= reader.next {
			got = append(got, record.Offset)
			reader.next = record.Offset + 1
		}
		return nil
	}
	if err := reader.recordReader.read(t.Context(), take); err != nil {
		t.Fatal(err)
	}
	err := reader.recordReader.read(t.Context(), take)
	assertGone(t, "behind what can be read", err, 3, 6)
	reader.next, reader.wanted = 6, 6
	if err := reader.recordReader.read(t.Context(), take); err != nil || !slices.Equal(got, []int64{0, 1, 2, 6, 7, 8}) {
		t.Errorf("got %v, %v", got, err)
	}
	if counted := testutil.ToFloat64(reader.metrics.unreadable); counted != 1 {
		t.Errorf("counted %v batches, want 1", counted)
	}
}

// Unreadable batches that are read for repeats only are skipped.
func TestHorizonNeedNotBeReadable(t *testing.T) {
	for wanted, goneFrom := range map[int64]int64{4: 4, 6: -1, 8: -1} {
		reader := newTestReader(t, damagedLog(ResultsTopic), wanted)
		var err error
		for err == nil && reader.next < 9 {
			_, err = reader.read(t.Context())
		}
		if goneFrom >= 0 {
			assertGone(t, "within the batch", err, goneFrom, 6)
		} else if err != nil {
			t.Errorf("from %d on: %v", wanted, err)
		}
	}
}

// The header of a damaged batch may say anything.
func TestHeaderOfADamagedBatchIsNotTrusted(t *testing.T) {
	fetcher := fetcher{next: 3, end: 9}
	for behind, want := range map[int64]int64{6: 6, 1 << 40: 9, 2: 4, -1: 4} {
		if got := fetcher.nextAfterUnreadable(&unreadableError{next: behind}); got != want {
			t.Errorf("a batch to before %d: continues at %d, want %d", behind, got, want)
		}
	}
}

func TestFilteredReaderReportsUnreadableBatches(t *testing.T) {
	log := openOffline(t)
	reader := log.newReader(partition{broker: damagedLog(ResultsTopic), topic: ResultsTopic}, newMeasurementFilter([]atlas.MeasurementID{1}), 0, 0, 9, "measurement")
	defer reader.Close()
	var err error
	for err == nil {
		_, err = reader.Next(t.Context())
	}
	assertGone(t, "of a measurement", err, 3, 6)
}

func TestScansSkipUnreadableBatches(t *testing.T) {
	log := openOffline(t)
	var seen int
	var came int64
	reader := log.newRecordReader(partition{broker: damagedLog(ResultsTopic), topic: ResultsTopic}, 0, "scan")
	scanner := scanner{recordReader: reader, to: 9, limit: 1 << 20, visit: func(atlas.MeasurementID, time.Time) bool { seen++; return true }, fetched: func(records, _ int64) { came += records }}
	defer scanner.close()
	if err := scanner.run(t.Context()); err != nil || scanner.next != 9 || seen != 6 || came < 6 {
		t.Errorf("saw %d records up to %d, and %d came, %v; want 6 up to 9", seen, scanner.next, came, err)
	}
}

// A registry is read on as well, without the objects of the batch, and its log is identified by the record before it.
func TestRegistryReaderSkipsUnreadableBatches(t *testing.T) {
	reader := newTestRegistryReader(t, damagedLog(ProbesTopic))
	var got []int64
	for reader.next < 9 {
		if err := reader.read(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, object := range reader.takeHeld() {
			got = append(got, object.Position.Offset)
		}
		assertSameLog(t, reader, "at the damaged batch", true)
	}
	if !slices.Equal(got, []int64{0, 1, 2, 6, 7, 8}) || testutil.ToFloat64(reader.metrics.unreadable) != 1 {
		t.Errorf("got %v and %v batches, want 6 objects and 1", got, testutil.ToFloat64(reader.metrics.unreadable))
	}
}

// A look-up in an unreadable batch fails without a retry.
func TestLookUpsInUnreadableBatches(t *testing.T) {
	broker := damagedLog(ProbesTopic)
	partition := partition{broker: broker, topic: ProbesTopic}
	for offset, want := range map[int64]bool{0: true, 2: true, 7: true} {
		if object, found, err := partition.object(t.Context(), offset); err != nil || found != want || object.ID != offset+1 {
			t.Errorf("the object at %d: got %+v, %t, %v", offset, object, found, err)
		}
	}
	_, _, err := partition.object(t.Context(), 4)
	assertGone(t, "an object", err, 4, 6)
	broker.batches, broker.first = broker.batches[1:], broker.batches[1].first
	if err := partition.verifyFirstRecord(t.Context(), 1); err != nil {
		t.Errorf("a partition whose first batch cannot be read: %v", err)
	}
}

// The first cursor key counts, so none is read after an unreadable batch: gateways that can read the batch would seal with another key.
func TestNoCursorKeyAfterAnUnreadableBatch(t *testing.T) {
	log := openOffline(t)
	broker := damagedLog(KeysTopic)
	keys := partition{broker: broker, topic: KeysTopic}
	_, err := log.firstCursorKey(t.Context(), keys)
	assertGone(t, "the first key", err, 3, 6)
	if !errors.Is(err, ErrCursorKeyUnreadable) {
		t.Errorf("got %v, want ErrCursorKeyUnreadable", err)
	}
	broker.batches[1].unreadable = false
	if _, err := log.firstCursorKey(t.Context(), keys); !errors.Is(err, ErrNoCursorKey) {
		t.Errorf("once it is mended: got %v, want ErrNoCursorKey, as no record is a key", err)
	}
}

// The key is read every few seconds. An unreadable batch before it is counted once, and again if it was readable in between.
func TestUnreadableCursorKeyIsCountedOnce(t *testing.T) {
	log := openOffline(t)
	broker := damagedLog(KeysTopic)
	for _, step := range []struct {
		unreadable bool
		counted    float64
	}{{true, 1}, {true, 1}, {false, 1}, {true, 2}, {true, 2}} {
		broker.batches[1].unreadable = step.unreadable
		_, err := log.firstCursorKey(t.Context(), partition{broker: broker, topic: KeysTopic})
		if errors.Is(err, ErrCursorKeyUnreadable) != step.unreadable {
			t.Fatalf("%+v: got %v", step, err)
		}
		if got := testutil.ToFloat64(log.metrics.reading(KeysTopic, "key").unreadable); got != step.counted {
			t.Errorf("%+v: %v batches are counted", step, got)
		}
	}
}

// A tail reports the gap to its followers and continues after it.
func TestTailsReportUnreadableBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := openOffline(t)
		told := make(chan Gap, 9)
		tails := log.Tails(ResultsTopic, TailConfig{Gap: func(gap Gap) { told <- gap }}, fakeConsumer{})
		broker := damagedLog(ResultsTopic)
		broker.end, broker.grownEnd = 3, 9 // the tail begins after the first batch
		tails.open = func(number int) partition {
			return partition{broker: broker, topic: ResultsTopic, number: number}
		}
		tail, release, err := tails.acquire(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		tail.attach(func(_ int, next int64) {
			if want := (Gap{Topic: ResultsTopic, From: 3, To: 6}); len(told) != 1 || <-told != want || next != 9 {
				t.Errorf("%d more gaps, is at %d; want %+v and 9", len(told), next, want)
			}
		})
		release()
		_ = tails.Close()
	})
}
