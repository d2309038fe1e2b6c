package eventlog

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// committedBroker reads what is committed. Brokers send to such a reader, beside the records up to the last stable offset, those of transactions that were
// aborted, and a list by which it leaves them out itself (KIP-98, "Consumer"). kafka-go's Client.Fetch drops that list, so this sends the request itself.
type committedBroker struct {
	client   *kafka.Client
	clientID string
}

// Fetch gives what stands at an offset, which is a real one, and behind it. Its Records are *committedRecords.
func (b committedBroker) Fetch(ctx context.Context, request *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	answer, err := b.client.Transport.RoundTrip(ctx, b.client.Addr, &rawFetch{Request: fetchRequest(request), clientID: b.clientID})
	if err != nil {
		return nil, err
	}
	return answer.(*fetchedPartition).response(request.Partition)
}

// ListOffsets gives offsets below the last stable one, and that one for the log's end.
func (b committedBroker) ListOffsets(ctx context.Context, request *kafka.ListOffsetsRequest) (*kafka.ListOffsetsResponse, error) {
	request.IsolationLevel = kafka.ReadCommitted
	return b.client.ListOffsets(ctx, request)
}

func fetchRequest(request *kafka.FetchRequest) *fetch.Request {
	return &fetch.Request{
		ReplicaID:      -1,
		MaxWaitTime:    int32(request.MaxWait.Milliseconds()),
		MinBytes:       int32(request.MinBytes),
		MaxBytes:       int32(request.MaxBytes),
		IsolationLevel: int8(kafka.ReadCommitted),
		SessionID:      -1,
		SessionEpoch:   -1,
		Topics: []fetch.RequestTopic{{Topic: request.Topic, Partitions: []fetch.RequestPartition{{
			Partition:          int32(request.Partition),
			CurrentLeaderEpoch: -1,
			FetchOffset:        request.Offset,
			LogStartOffset:     -1,
			PartitionMaxBytes:  int32(request.MaxBytes),
		}}}},
	}
}

func (p *fetchedPartition) response(number int) (*kafka.FetchResponse, error) {
	batches, err := splitBatches(p.batches)
	response := &kafka.FetchResponse{
		Partition:        number,
		HighWatermark:    p.highWatermark,
		LastStableOffset: p.lastStableOffset,
		LogStartOffset:   p.logStartOffset,
		Records:          committed(batches, p.aborted),
	}
	if p.code != 0 {
		response.Error = p.code
	}
	return response, err
}

// committedRecords are the records of an answer without those that were aborted and without the markers that end transactions.
type committedRecords struct {
	batches []*fetchedBatch // that are to be read
	next    int64           // the offset behind all that the answer has, read or left out; 0 if it has nothing
}

// committed leaves out what was aborted, by the transactions that a broker lists for the answer: each with its producer and the offset of its first batch.
// From there on all transactional batches of the producer belong to it, until the marker that ends it. What is left out is not unpacked; of a batch that is
// damaged nobody knows whether it is to be left out, so it is read, and fails. The slice is used for what is left.
func committed(batches []*fetchedBatch, aborted []fetch.ResponseTransaction) *committedRecords {
	slices.SortFunc(aborted, func(a, b fetch.ResponseTransaction) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) })
	answer, open := &committedRecords{batches: batches[:0]}, openTransactions{aborted: aborted}
	for _, batch := range batches {
		answer.next = max(answer.next, batch.next)
		if !open.skips(batch) {
			answer.batches = append(answer.batches, batch)
		}
	}
	return answer
}

// ReadRecord implements kafka.RecordReader.
func (c *committedRecords) ReadRecord() (*kafka.Record, error) {
	for len(c.batches) > 0 {
		record, err := c.batches[0].ReadRecord()
		if !errors.Is(err, io.EOF) {
			return record, err
		}
		c.batches = c.batches[1:]
	}
	return nil, io.EOF
}

// rest tells what came and was not read: of the batch that was unpacked, records and their bytes; of those behind it, their bytes as they came.
func (c *committedRecords) rest() (records, bytes int64) {
	for _, batch := range c.batches {
		if batch.decompressed {
			records, bytes = records+int64(batch.remaining), bytes+int64(len(batch.records.rest))
		} else {
			bytes += int64(len(batch.checksummed))
		}
	}
	return records, bytes
}

// openTransactions are those that are open at a place in the log and will be aborted.
type openTransactions struct {
	aborted   []fetch.ResponseTransaction // that have not begun there, in the order in which they begin
	producers []int64                     // of those that have
}

// skips tells whether a batch is a marker or belongs to one of them. A marker ends the transaction of its producer.
func (o *openTransactions) skips(batch *fetchedBatch) bool {
	o.begin(batch.base)
	switch {
	case batch.attributes.Control():
		if !batch.isIntact() {
			return false
		}
		o.producers = slices.DeleteFunc(o.producers, func(producer int64) bool { return producer == batch.producer })
		return true
	case batch.attributes.Transactional():
		return slices.Contains(o.producers, batch.producer) && batch.isIntact()
	}
	return false
}

// begin adds the transactions whose first batch does not stand behind an offset.
func (o *openTransactions) begin(offset int64) {
	for len(o.aborted) > 0 && o.aborted[0].FirstOffset <= offset {
		o.producers = append(o.producers, o.aborted[0].ProducerID)
		o.aborted = o.aborted[1:]
	}
}

// nextAfter gives the offset behind all that an answer has, 0 if it has nothing.
func nextAfter(records kafka.RecordReader) int64 {
	if committed, ok := records.(*committedRecords); ok {
		return committed.next
	}
	return 0
}
