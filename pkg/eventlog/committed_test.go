package eventlog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
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

// answer is what Kafka sends for an offset: whole batches, and those aborted transactions that overlap with them, in the order of their ends.
func (l *transactedLog) answer(from int64, most int) (batches []protocol.RecordReader, aborted []fetch.ResponseTransaction, end int64) {
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

func (b transactedBatch) reader() protocol.RecordReader {
	records := make([]kafka.Record, b.records)
	for i := range records {
		records[i] = kafka.Record{Offset: b.base + int64(i), Value: kafka.NewBytes(strconv.AppendInt(nil, b.producer, 10))}
	}
	if b.isMarker {
		return &protocol.ControlBatch{
			Attributes: protocol.Control | protocol.Transactional, BaseOffset: b.base, ProducerID: b.producer, Records: protocol.NewRecordReader(records...),
		}
	}
	attributes := protocol.Attributes(0)
	if b.transactional {
		attributes = protocol.Transactional
	}
	return &protocol.RecordBatch{Attributes: attributes, BaseOffset: b.base, ProducerID: b.producer, Records: protocol.NewRecordReader(records...)}
}

// Of whatever transactions there were, read from wherever and in answers of whatever length, all that was committed is read, in order, and nothing else.
func TestOnlyWhatWasCommittedIsRead(t *testing.T) {
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
		answers := 0
		for next := fetcherAt(from); next.next < log.end; answers++ {
			batches, aborted, end := log.answer(next.next, 1+random.IntN(9))
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
				t.Fatalf("seed %d: an answer up to %d was read up to %d", seed, end, next.next)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: from %d on\nread %v\nwant %v\n%+v", seed, from, got, want, log)
		}
	}
}

func fetcherAt(offset int64) *fetcher { return &fetcher{next: offset} }

// A reader that stops within an answer has not passed what was left out behind the place where it stopped.
func TestWhatWasLeftOutIsPassedWithTheAnswerOnly(t *testing.T) {
	log := &transactedLog{open: map[int64]int64{1: 3}}
	log.append(transactedBatch{producer: -1, records: 3})
	log.append(transactedBatch{producer: 1, records: 7, transactional: true})
	log.endTransaction(1, true)
	batches, aborted, _ := log.answer(0, 9)
	reader := fetcherAt(0)
	err := reader.takeEach(committed(batches, aborted), func(record *kafka.Record) error {
		reader.next = record.Offset + 1
		return errEnough
	})
	if err == nil || reader.next != 1 {
		t.Errorf("stands at %d, %v", reader.next, err)
	}
}

// BenchmarkCommitted is what leaving out costs an answer in which nothing is to be left out.
func BenchmarkCommitted(b *testing.B) {
	for _, batches := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d batches", batches), func(b *testing.B) {
			answer := make([]protocol.RecordReader, batches)
			for i := range answer {
				answer[i] = transactedBatch{producer: -1, base: int64(i)}.reader()
			}
			b.ReportAllocs()
			for b.Loop() {
				_ = committed(answer, nil)
			}
		})
	}
}
