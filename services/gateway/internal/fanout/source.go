package fanout

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// Feed tails the partitions of a stream that somebody listens to.
type Feed interface {
	// Follow has the partition of a measurement delivered. It calls attach once with the partition's number, under the partition's lock: every record
	// that the log takes after Follow has returned is delivered after that. The partition is followed until release is called.
	Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(partition int)) (release func(), err error)
}

// Source is one stream of the log: it takes the records of its partitions and hands them to the subscribers.
type Source struct {
	mu         sync.RWMutex
	partitions map[int]*partition
	delivered  prometheus.Counter
	overflows  prometheus.Counter
}

// NewSource makes the source of a stream.
func NewSource(stream atlas.Stream, metrics *Metrics) *Source {
	return &Source{
		partitions: make(map[int]*partition),
		delivered:  metrics.delivered.WithLabelValues(string(stream)),
		overflows:  metrics.overflows.WithLabelValues(string(stream)),
	}
}

// Deliver enqueues records, which stand in offset order in one partition.
func (s *Source) Deliver(number int, records []atlas.Record) {
	s.delivered.Add(float64(s.partition(number).deliver(records)))
}

// Flush writes what Deliver enqueued.
func (s *Source) Flush(number int) {
	s.overflows.Add(float64(s.partition(number).flush()))
}

// Gap tells the subscribers of a partition that the log has lost records, from one offset to before another, before they could be delivered. With an
// end below the beginning, the log was cut or made anew, and goes on there.
func (s *Source) Gap(number int, from, to int64) {
	refusal := subscription.Refuse(codeGap, "the log has lost the records from %d to before %d of partition %d; some may have been yours", from, to, number)
	if to < from {
		refusal = subscription.Refuse(codeGap, "partition %d of the log was cut, from %d back to %d; some records may be lost", number, from, to)
	}
	s.partition(number).tell(func(encoding Encoding) *outbox.Message { return ErrorMessage(encoding, refusal) })
}

func (s *Source) partition(number int) *partition {
	s.mu.RLock()
	found := s.partitions[number]
	s.mu.RUnlock()
	if found != nil {
		return found
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.partitions[number] == nil {
		s.partitions[number] = &partition{}
	}
	return s.partitions[number]
}

// follow adds a subscription under the lock of its partition.
func (s *Source) follow(
	ctx context.Context, feed Feed, subscriber *Subscriber, wanted *subscription.Subscription, confirmation *outbox.Message,
) (*membership, error) {
	joined := &membership{wanted: wanted}
	var refused error
	release, err := feed.Follow(ctx, wanted.Measurement, func(number int) {
		joined.partition = s.partition(number)
		refused = joined.partition.add(subscriber, wanted, confirmation)
	})
	if err != nil {
		return nil, err
	}
	if refused != nil {
		release()
		return nil, refused
	}
	joined.release = release
	return joined, nil
}
