package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/compress"
)

const recordsOfBatch = 100

// fakeBatchLog is a partition with batches as our writers encode them.
type fakeBatchLog struct {
	fakeBroker
	mu      sync.Mutex
	batches [][]byte
}

// newFakeBatchLog returns a log with so many batches of events of measurement 1 whose values have a name.
func newFakeBatchLog(t testing.TB, name string, batches int) *fakeBatchLog {
	log := &fakeBatchLog{fakeBroker: fakeBroker{topic: ResultsTopic}}
	log.recreate(t, name, batches)
	return log
}

func (l *fakeBatchLog) recreate(t testing.TB, name string, batches int) {
	t.Helper()
	var written [][]byte
	for number := range batches {
		var records []kafka.Record
		for place := range recordsOfBatch {
			records = append(records, encodedPing(t, name, number*recordsOfBatch+place))
		}
		written = append(written, batchOf(t, int64(number*recordsOfBatch), compress.Zstd, records...))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batches, l.end = written, int64(batches*recordsOfBatch)
}

func encodedPing(t testing.TB, name string, number int) kafka.Record {
	t.Helper()
	event, err := atlas.ParseResult(fmt.Appendf(nil, `{"msm_id":1,"prb_id":%d,"timestamp":1426633200,"type":"ping","log":%q}`, number+1, name))
	if err != nil {
		t.Fatal(err)
	}
	message, err := newEncoder(1, time.Now()).event(ResultsTopic, &event)
	if err != nil {
		t.Fatal(err)
	}
	return kafka.Record{Key: kafka.NewBytes(message.Key), Value: kafka.NewBytes(message.Value), Headers: message.Headers, Time: message.Time}
}

// damage changes a bit of each batch: of its checksum, or of what the checksum covers.
func (l *fakeBatchLog) damage(at int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.batches {
		l.batches[i] = slices.Clone(l.batches[i])
		l.batches[i][at] ^= 1
	}
}

// Fetch sends one batch at a time.
func (l *fakeBatchLog) Fetch(_ context.Context, request *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if request.Offset >= l.end {
		return &kafka.FetchResponse{Error: kafka.OffsetOutOfRange}, nil
	}
	sent := &fetchedPartition{highWatermark: l.end, lastStableOffset: l.end, batches: l.batches[request.Offset/recordsOfBatch]}
	return sent.response(request.Partition)
}

// open returns a reader of the whole log.
func (l *fakeBatchLog) open(t testing.TB, log *Log) *Reader {
	t.Helper()
	reader := log.newReader(partition{broker: l, topic: ResultsTopic}, nil, 0, 0, l.end, "history")
	t.Cleanup(reader.Close)
	return reader
}

func readToEnd(t testing.TB, reader *Reader) (records []*atlas.Record) {
	t.Helper()
	for {
		record, err := reader.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return records
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
}

func reusedBatches(log *Log) float64 {
	return testutil.ToFloat64(log.metrics.reusedBatches.WithLabelValues(ResultsTopic))
}

// Of two readers that go through the same batches, the second one gets the records of the first. With the last reader of the partition, nothing is kept.
//
//notices:shared-batch-decompressed-by-all
func TestReadersShareBatches(t *testing.T) {
	log, kept := openOffline(t), newFakeBatchLog(t, "a", 3)
	first, second := kept.open(t, log), kept.open(t, log)
	want, got := readToEnd(t, first), readToEnd(t, second)
	if len(got) != 3*recordsOfBatch || !slices.Equal(got, want) {
		t.Errorf("got %d records, want the %d of the other reader", len(got), len(want))
	}
	if reused := reusedBatches(log); reused != 3 {
		t.Errorf("%v batches were reused, want 3", reused)
	}
	first.Close()
	if log.shared.bytes == 0 || len(kept.open(t, log).sharing.batches) != 3 {
		t.Errorf("%d bytes are kept while a reader goes on, want the 3 batches", log.shared.bytes)
	}
	first.Close() // once more, which changes nothing
	second.Close()
}

// Nothing is left of the batches of a partition that has no readers.
func TestNothingIsKeptWithoutReaders(t *testing.T) {
	log, kept := openOffline(t), newFakeBatchLog(t, "a", 3)
	readers := []*Reader{kept.open(t, log), kept.open(t, log)}
	for _, reader := range readers {
		readToEnd(t, reader)
	}
	for _, reader := range readers {
		reader.Close()
		reader.Close()
	}
	shared := log.shared
	if shared.bytes != 0 || shared.recent.Len() != 0 || len(shared.partitions) != 0 || testutil.ToFloat64(log.metrics.sharedBytes) != 0 {
		t.Errorf("%d bytes of %d batches and %d partitions are kept", shared.bytes, shared.recent.Len(), len(shared.partitions))
	}
}

// The only reader of a partition keeps nothing for others.
func TestOneReaderSharesNothing(t *testing.T) {
	log, kept := openOffline(t), newFakeBatchLog(t, "a", 3)
	if got := readToEnd(t, kept.open(t, log)); len(got) != 3*recordsOfBatch || log.shared.recent.Len() != 0 {
		t.Errorf("got %d records, and %d batches are kept", len(got), log.shared.recent.Len())
	}
}

// A reader of a recreated log gets what it has now, though batches with the same offsets are shared.
//
//notices:shared-batch-of-another-log
func TestNoBatchIsSharedWithAnotherLog(t *testing.T) {
	log, kept := openOffline(t), newFakeBatchLog(t, "a", 3)
	first := kept.open(t, log)
	kept.open(t, log)
	readToEnd(t, first)
	kept.recreate(t, "b", 4)
	for _, reader := range []*Reader{kept.open(t, log), kept.open(t, log)} {
		got := readToEnd(t, reader)
		if len(got) != 4*recordsOfBatch {
			t.Fatalf("got %d records", len(got))
		}
		for number, record := range got {
			if want, _ := io.ReadAll(encodedPing(t, "b", number).Value); string(record.Value) != string(want) {
				t.Fatalf("record %d: got %s, want %s", number, record.Value, want)
			}
		}
	}
}

// A batch that is damaged, be it in its checksum only, is read by nobody, though an intact one at its offset is shared.
//
//notices:shared-batch-hides-damage
func TestSharedBatchesHideNoDamage(t *testing.T) {
	for _, at := range []int{checksumAt, batchHeader + 5} {
		log, kept := openOffline(t), newFakeBatchLog(t, "a", 1)
		kept.open(t, log)
		readToEnd(t, kept.open(t, log))
		kept.damage(at)
		for range 2 {
			if record, err := kept.open(t, log).Next(t.Context()); !isUnreadable(err) {
				t.Errorf("byte %d is damaged: got %v, %v, want that the batch is unreadable", at, record, err)
			}
		}
	}
}

// What is shared has a limit, be it that a batch alone is too long.
//
//notices:shared-batches-unbounded
func TestSharedBatchesAreBounded(t *testing.T) {
	const batches = 50
	kept := newFakeBatchLog(t, "a", batches)
	for _, test := range []struct {
		limit       int64
		least, most int // batches that are kept
	}{{1 << 20, leastShared, batches - 1}, {100 << 10, 0, 0}} {
		log := openOffline(t)
		log.shared.maxBytes = test.limit
		for _, reader := range []*Reader{kept.open(t, log), kept.open(t, log)} {
			if got := readToEnd(t, reader); len(got) != batches*recordsOfBatch {
				t.Errorf("got %d records", len(got))
			}
			if count := log.shared.recent.Len(); log.shared.bytes > test.limit || count < test.least || count > test.most {
				t.Errorf("%d batches of %d bytes are kept, want %d to %d and %d bytes at most", count, log.shared.bytes, test.least, test.most, test.limit)
			}
		}
	}
}

// Readers that go through a partition at the same time, each of its own measurements, get what each would get alone.
func TestReadersShareBatchesAtTheSameTime(t *testing.T) {
	const readers, batches = 8, 20
	log, kept := openOffline(t), newFakeBatchLog(t, "a", batches)
	log.shared.maxBytes = 1 << 20 // a part of them
	want := readToEnd(t, kept.open(t, log))
	all := make([]*Reader, readers)
	for number := range all {
		all[number] = kept.open(t, log)
	}
	var reading sync.WaitGroup
	for number, reader := range all {
		reading.Go(func() {
			if number%2 == 1 {
				reader.ReadAhead(1 << 10) // so that it fetches each batch several times
			}
			for _, each := range want {
				if got, err := reader.Next(t.Context()); err != nil || string(got.Value) != string(each.Value) || got.Position != each.Position || !got.Time.Equal(each.Time) {
					t.Errorf("got %+v, %v, want %+v", got, err, each)
					return
				}
			}
			reader.Close()
		})
	}
	reading.Wait()
}

// A reader of what others have read pays as if it were alone.
func TestSharedBatchesArePaidFor(t *testing.T) {
	log, kept := openOffline(t), newFakeBatchLog(t, "a", 3)
	paid := func() (records, bytes int64) {
		reader := kept.open(t, log)
		reader.BeforeFetch(func(_ context.Context, moreRecords, moreBytes int64) error {
			records, bytes = records+moreRecords, bytes+moreBytes
			return nil
		})
		readToEnd(t, reader)
		return records, bytes
	}
	aloneRecords, aloneBytes := paid()
	paid()
	records, bytes := paid()
	if reusedBatches(log) == 0 || records != aloneRecords || bytes != aloneBytes || records == 0 {
		t.Errorf("paid for %d records of %d bytes, want %d of %d", records, bytes, aloneRecords, aloneBytes)
	}
}
