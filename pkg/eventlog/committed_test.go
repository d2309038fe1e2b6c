package eventlog

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// transactedLog is a partition into which several producers write, in transactions and without.
type transactedLog struct {
	batches []transactedBatch
	aborted []abortedTransaction
	end     int64
	open    map[int64]int64 // by producer, the offset at which its transaction began
}

type transactedBatch struct {
	base, records           int64
	producer                int64
	transactional, isMarker bool
	aborted                 bool
}

// abortedTransaction is what Kafka's index of aborted transactions has: the offsets of its first batch and of its marker.
type abortedTransaction struct{ producer, first, last int64 }

func randomLog(random *rand.Rand) *transactedLog {
	log := &transactedLog{open: map[int64]int64{}}
	for range 60 {
		producer := random.Int64N(4)
		_, open := log.open[producer]
		switch random.IntN(4) {
		case 0:
			log.append(transactedBatch{producer: -1, records: 1 + random.Int64N(5)})
		case 1:
			if open {
				log.endTransaction(producer, random.IntN(2) == 0)
			}
		default:
			if !open {
				log.open[producer] = log.end
			}
			log.append(transactedBatch{producer: producer, records: 1 + random.Int64N(5), transactional: true})
		}
	}
	for producer := range int64(4) {
		if _, open := log.open[producer]; open {
			log.endTransaction(producer, random.IntN(2) == 0)
		}
	}
	return log
}

func (l *transactedLog) append(batch transactedBatch) {
	batch.base = l.end
	l.batches = append(l.batches, batch)
	l.end += batch.records
}

func (l *transactedLog) endTransaction(producer int64, abort bool) {
	first := l.open[producer]
	delete(l.open, producer)
	if abort {
		for i := range l.batches {
			if batch := &l.batches[i]; batch.producer == producer && batch.base >= first {
				batch.aborted = true
			}
		}
		l.aborted = append(l.aborted, abortedTransaction{producer, first, l.end})
	}
	l.append(transactedBatch{producer: producer, records: 1, transactional: true, isMarker: true})
}

// response is what Kafka sends for an offset: whole batches, and those aborted transactions that overlap with them, in the order of their ends.
func (l *transactedLog) response(from int64, most int) (batches []*fetchedBatch, aborted []fetch.ResponseTransaction, end int64) {
	end = from
	for _, batch := range l.batches {
		if batch.base+batch.records > from && len(batches) < most {
			batches = append(batches, batch.reader())
			end = batch.base + batch.records
		}
	}
	for _, transaction := range l.aborted {
		if transaction.last >= from && transaction.first < end {
			aborted = append(aborted, fetch.ResponseTransaction{ProducerID: transaction.producer, FirstOffset: transaction.first})
		}
	}
	return batches, aborted, end
}

func (b transactedBatch) reader() *fetchedBatch { return newBatch(b.written()) }

func (b transactedBatch) written() []byte {
	raw := writtenBatch(b.base, b.base+b.records, offsetsFrom(b.base, b.records)...)
	if b.transactional {
		raw[attributesAt+1] |= byte(protocol.Transactional)
	}
	if b.isMarker {
		raw[attributesAt+1] |= byte(protocol.Control)
	}
	binary.BigEndian.PutUint64(raw[producerAt:], uint64(b.producer))
	return sign(raw)
}

// All committed records are read, in order, and no others, whatever the transactions, the first offset and the length of responses.
func TestOnlyCommittedRecordsAreRead(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		log := randomLog(random)
		from := random.Int64N(log.end)
		var want, got []int64
		for _, batch := range log.batches {
			for offset := batch.base; offset < batch.base+batch.records; offset++ {
				if offset >= from && !batch.aborted && !batch.isMarker {
					want = append(want, offset)
				}
			}
		}
		responses := 0
		for next := fetcherAt(from); next.next < log.end; responses++ {
			batches, aborted, end := log.response(next.next, 1+random.IntN(9))
			if err := next.takeEach(committed(batches, aborted), func(record *kafka.Record) error {
				if record.Offset >= next.next {
					got = append(got, record.Offset)
					next.next = record.Offset + 1
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if next.next != end {
				t.Fatalf("seed %d: a response up to %d was read up to %d", seed, end, next.next)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: from %d on\nread %v\nwant %v\n%+v", seed, from, got, want, log)
		}
	}
}

func fetcherAt(offset int64) *fetcher { return &fetcher{next: offset} }

// A reader that stops within a response has not passed the batches that were dropped after the last record it read.
func TestDroppedBatchesArePassedWithTheWholeResponse(t *testing.T) {
	log := &transactedLog{open: map[int64]int64{1: 3}}
	log.append(transactedBatch{producer: -1, records: 3})
	log.append(transactedBatch{producer: 1, records: 7, transactional: true})
	log.endTransaction(1, true)
	batches, aborted, _ := log.response(0, 9)
	reader := fetcherAt(0)
	err := reader.takeEach(committed(batches, aborted), func(record *kafka.Record) error {
		reader.next = record.Offset + 1
		return errStop
	})
	if err == nil || reader.next != 1 {
		t.Errorf("is at %d, %v", reader.next, err)
	}
}

// Batches that are dropped are passed as a whole, even if they are unreadable.
func TestDroppedBatchesNeedNotBeReadable(t *testing.T) {
	log := &transactedLog{open: map[int64]int64{1: 0}}
	log.append(transactedBatch{producer: 1, records: 7, transactional: true})
	log.endTransaction(1, true)
	for name, at := range map[string]int{"aborted": 0, "a marker": 1} {
		raw := log.batches[at].written()
		raw[attributesAt+1] |= 7 // a codec that there is not
		reader := fetcherAt(log.batches[at].base)
		response := committed([]*fetchedBatch{newBatch(sign(raw))}, []fetch.ResponseTransaction{{ProducerID: 1, FirstOffset: 0}})
		want := reader.next + log.batches[at].records
		if err := reader.takeEach(response, func(*kafka.Record) error { return nil }); err != nil || reader.next != want {
			t.Errorf("%s: is at %d, %v, want %d", name, reader.next, err, want)
		}
	}
}

// A damaged batch is not dropped: its header may be what is damaged.
func TestDamagedBatchesAreNotDropped(t *testing.T) {
	log := &transactedLog{open: map[int64]int64{1: 0}}
	log.append(transactedBatch{producer: 1, records: 7, transactional: true})
	log.endTransaction(1, true)
	for _, batch := range log.batches {
		raw := batch.written()
		raw[len(raw)-1] ^= 1
		response := committed([]*fetchedBatch{newBatch(raw)}, []fetch.ResponseTransaction{{ProducerID: 1, FirstOffset: 0}})
		if _, err := response.ReadRecord(); err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("%+v: got %v, want a checksum that does not match", batch, err)
		}
	}
}

// That a batch has no records, or a negative number of them, is believed only if nothing else is wrong with it.
func TestDamagedNumbersOfRecords(t *testing.T) {
	for _, number := range []uint32{0, 1 << 31} {
		raw := writtenBatch(0, 3, 0, 1, 2)
		binary.BigEndian.PutUint32(raw[batchHeader-4:], number)
		if records, err := readAllOf(newBatch(raw)); err == nil || len(records) > 0 {
			t.Errorf("%d: got %d records and no error", number, len(records))
		}
		if records, err := readShared(t, sign(raw)); (err == nil) != (number == 0) {
			t.Errorf("%d, shared: got %d records, %v", number, len(records), err)
		}
		if records, err := readAllOf(newBatch(sign(raw))); number == 0 && (err != nil || len(records) > 0) {
			t.Errorf("none, as compaction leaves it: got %d records, %v", len(records), err)
		}
	}
}

// A broker that sends records before the requested offset only is told from one that has none, as the reader would fetch them forever.
func TestOnlyRecordsBeforeTheOffsetAreAnError(t *testing.T) {
	reader := fetcherAt(3)
	response := committed([]*fetchedBatch{newBatch(writtenBatch(0, 3, 0, 1, 2))}, nil)
	if err := reader.takeEach(response, func(*kafka.Record) error { return nil }); err == nil || reader.next != 3 {
		t.Errorf("is at %d, %v; want an error", reader.next, err)
	}
}

// BenchmarkCommitted measures a response without aborted transactions.
func BenchmarkCommitted(b *testing.B) {
	for _, batches := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d batches", batches), func(b *testing.B) {
			response := make([]*fetchedBatch, batches)
			for i := range response {
				response[i] = transactedBatch{producer: -1, base: int64(i), records: 1}.reader()
			}
			b.ReportAllocs()
			for b.Loop() {
				_ = committed(response, nil)
			}
		})
	}
}
