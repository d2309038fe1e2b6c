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

// committedBroker reads committed records only. Besides the records below the last stable offset, brokers send those of aborted transactions and a list
// of these transactions, by which the client drops them (KIP-98, "Consumer"). kafka-go's Client.Fetch ignores that list, so this sends the request
// itself.
type committedBroker struct {
	client   *kafka.Client
	clientID string
}

// Fetch returns the records from an offset on, which must not be a symbolic one. Its Records are *committedRecords.
func (b committedBroker) Fetch(ctx context.Context, request *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	response, err := b.client.Transport.RoundTrip(ctx, b.client.Addr, &rawFetch{Request: fetchRequest(request), clientID: b.clientID})
	if err != nil {
		return nil, err
	}
	return response.(*fetchedPartition).response(request.Partition)
}

// ListOffsets returns offsets up to the last stable one, which is the log's end.
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

// committedRecords are the records of a response without those of aborted transactions and without the markers that end transactions.
type committedRecords struct {
	batches []*fetchedBatch // to be read
	next    int64           // the offset after all records of the response, read or dropped; 0 if it has none
}

// committed drops the batches of aborted transactions. For each of them, the broker lists the producer and the offset of the first batch: from there on
// all transactional batches of the producer belong to it, until the marker that ends it. Dropped batches are not decompressed. A damaged batch may or
// may not belong to a transaction, so it is kept, and reading it fails. The slice is reused for the result.
func committed(batches []*fetchedBatch, aborted []fetch.ResponseTransaction) *committedRecords {
	slices.SortFunc(aborted, func(a, b fetch.ResponseTransaction) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) })
	response, open := &committedRecords{batches: batches[:0]}, openTransactions{aborted: aborted}
	for _, batch := range batches {
		response.next = max(response.next, batch.next)
		if !open.skips(batch) {
			response.batches = append(response.batches, batch)
		}
	}
	return response
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

// rest returns the size of what has not been read: the records of the batch that is decompressed, with their bytes, and of the batches after it the
// bytes as received.
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

// openTransactions are the transactions that are open at an offset and will be aborted.
type openTransactions struct {
	aborted   []fetch.ResponseTransaction // that begin later, by first offset
	producers []int64                     // of those that have begun
}

// skips reports whether a batch is a marker or belongs to an aborted transaction. A marker ends the transaction of its producer.
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

// begin adds the transactions that begin at or before an offset.
func (o *openTransactions) begin(offset int64) {
	for len(o.aborted) > 0 && o.aborted[0].FirstOffset <= offset {
		o.producers = append(o.producers, o.aborted[0].ProducerID)
		o.aborted = o.aborted[1:]
	}
}

// nextAfter returns the offset after all records of a response, 0 if it has none.
func nextAfter(records kafka.RecordReader) int64 {
	if committed, ok := records.(*committedRecords); ok {
		return committed.next
	}
	return 0
}
