package eventlog

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// broker is the part of Kafka that reading needs.
type broker interface {
	Fetch(context.Context, *kafka.FetchRequest) (*kafka.FetchResponse, error)
	ListOffsets(context.Context, *kafka.ListOffsetsRequest) (*kafka.ListOffsetsResponse, error)
}

// partition is one partition of a topic in Kafka.
type partition struct {
	broker broker
	topic  string
	number int
}

func (l *Log) partition(topic string, number int) partition {
	return partition{broker: committedBroker{l.client, l.config.ClientID}, topic: topic, number: number}
}

// bounds returns the offset of the first record and the log's end: the offset that the next record will have or, while a transaction is open, that of
// its first record.
func (p partition) bounds(ctx context.Context) (first, next int64, err error) {
	offsets, err := p.listOffsets(ctx, kafka.FirstOffsetOf(p.number), kafka.LastOffsetOf(p.number))
	return offsets.FirstOffset, offsets.LastOffset, err
}

// boundsSince is bounds and offsetAt in one request. Either may miss a record that is written meanwhile.
func (p partition) boundsSince(ctx context.Context, at time.Time) (first, next, since int64, err error) {
	offsets, err := p.listOffsets(ctx, kafka.FirstOffsetOf(p.number), kafka.LastOffsetOf(p.number), sinceOf(p.number, at))
	since = offsets.LastOffset
	for offset := range offsets.Offsets {
		if offset >= 0 { // -1 is none
			since = offset
		}
	}
	return offsets.FirstOffset, offsets.LastOffset, since, err
}

// sinceOf requests the least offset whose record's time is at or after the given one.
func sinceOf(number int, at time.Time) kafka.OffsetRequest {
	//mutate:time-later-by-a-millisecond
	return kafka.OffsetRequest{Partition: number, Timestamp: max(0, at.UnixMilli())}
}

// offsetAt returns the least offset whose record's time is at or after the given one, or the log's end if there is none. The end takes another request,
// which is seldom needed.
func (p partition) offsetAt(ctx context.Context, at time.Time) (int64, error) {
	offset, found, err := p.firstSince(ctx, at)
	if found || err != nil {
		return offset, err
	}
	end, err := p.listOffsets(ctx, kafka.LastOffsetOf(p.number))
	if err != nil {
		return 0, err
	}
	if offset, found, err = p.firstSince(ctx, at); found || err != nil { // it may have been written before the end was returned
		return offset, err
	}
	return end.LastOffset, nil
}

// firstSince returns the least offset whose record's time is at or after the given one.
func (p partition) firstSince(ctx context.Context, at time.Time) (offset int64, found bool, err error) {
	offsets, err := p.listOffsets(ctx, sinceOf(p.number, at))
	for offset := range offsets.Offsets {
		if offset >= 0 { // -1 is none
			return offset, true, nil
		}
	}
	return 0, false, err
}

func (p partition) listOffsets(ctx context.Context, requests ...kafka.OffsetRequest) (kafka.PartitionOffsets, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	response, err := p.broker.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{p.topic: requests}})
	if err != nil {
		return kafka.PartitionOffsets{}, fmt.Errorf("%s: %w", p, err)
	}
	for _, offsets := range response.Topics[p.topic] {
		if offsets.Partition != p.number {
			continue
		}
		if offsets.Error != nil {
			return kafka.PartitionOffsets{}, fmt.Errorf("%s: %w", p, offsets.Error)
		}
		return offsets, nil
	}
	return kafka.PartitionOffsets{}, fmt.Errorf("%s: the broker's response does not have the partition", p)
}

// String names the partition as Kafka's own messages do.
func (p partition) String() string { return fmt.Sprintf("%s/%d", p.topic, p.number) }
