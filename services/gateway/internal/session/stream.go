package session

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/deliverytime"
	"atlasstream/services/gateway/internal/gap"
	"atlasstream/services/gateway/internal/live"
)

// Untailed is the Tails of a stream that is not read from Kafka: all its records (metadata) are delivered, as of partition 0.
func Untailed(*Stream) Tails { return untailed{} }

type untailed struct{}

func (untailed) Follow(_ context.Context, _ atlas.MeasurementID, attach func(partition int, next int64)) (release func(), err error) {
	attach(0, 0)
	return func() {}, nil
}

// Stream is one stream of the log: it takes the records of its partitions and delivers them to the clients.
type Stream struct {
	hub       *Hub
	tails     Tails
	log       Log // nil if tails is none
	settings  live.Settings
	delivered prometheus.Counter
	times     *deliverytime.Timer

	mu         sync.RWMutex
	partitions map[int]*live.Partition
}

// Deliver enqueues records of one partition, in the order of offsets.
func (s *Stream) Deliver(number int, records []atlas.Record) {
	taken := s.Partition(number).Deliver(records)
	s.delivered.Add(float64(taken))
	if taken > 0 {
		s.times.Taken(number)
	}
}

// Flush writes what Deliver enqueued: live.Partition.Flush.
func (s *Stream) Flush(number int) { s.Partition(number).Flush() }

// Flushed is called after Flush, with when Kafka's response had come that had the records of the last Deliver.
func (s *Stream) Flushed(number int, responded time.Time) { s.times.Written(number, responded) }

// BeginBehind says that what is delivered next comes behind a record, as a tail begins.
func (s *Stream) BeginBehind(number int, offset int64, identity uint64) {
	s.Partition(number).Do(func(locked *live.Locked) { locked.BeginBehind(offset, identity) })
}

// Gap tells the clients of a partition what the log has lost: gap.Announce.
func (s *Stream) Gap(number int, from, to int64) { gap.Announce(s.Partition(number), from, to) }

// PartitionsChanged tells the clients of a partition that their records may be in another one: gap.PartitionsChanged.
func (s *Stream) PartitionsChanged(number int, from int64, since time.Time, why error) {
	gap.PartitionsChanged(s.Partition(number), from, since, why)
}

// Partition gives the live partition of a number, which begins with its first use.
func (s *Stream) Partition(number int) *live.Partition {
	s.mu.RLock()
	found := s.partitions[number]
	s.mu.RUnlock()
	if found != nil {
		return found
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.partitions[number] == nil {
		s.partitions[number] = live.NewPartition(s.topic(), number, &s.settings)
	}
	return s.partitions[number]
}

func (s *Stream) topic() string {
	if s.log == nil {
		return ""
	}
	return s.log.Topic()
}

// follow begins a subscription once it is known which measurements there are.
func (h *Hub) follow(ctx context.Context, beginning *joining, set *set) error {
	stream, found := h.streams[beginning.Wanted.Source()]
	if !found {
		return fmt.Errorf("no stream %q", beginning.Wanted.Source())
	}
	if err := h.awaitMeasurements(ctx); err != nil {
		return err
	}
	return stream.follow(ctx, beginning, set)
}

func (h *Hub) awaitMeasurements(ctx context.Context) error {
	if h.settings.CaughtUp == nil {
		return nil
	}
	select {
	case <-h.settings.CaughtUp:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the measurements are not known yet: %w", ctx.Err())
	}
}

// follow begins a subscription under the lock of its partition.
func (s *Stream) follow(ctx context.Context, beginning *joining, set *set) (err error) {
	if err := s.locate(ctx, beginning); err != nil {
		return err
	}
	var refused error
	release, err := s.attach(ctx, beginning, func(number int, next int64) {
		partition := s.Partition(number)
		beginning.Source = partition
		refused = partition.Begin(beginning.Active, next)
	})
	if err != nil {
		return err
	}
	set.releaseAtEnd(beginning.Active, release)
	return refused
}

// attach calls attach under the lock of the tail in which a subscription resumes, or of that of its measurement.
func (s *Stream) attach(ctx context.Context, beginning *joining, attach func(partition int, next int64)) (release func(), err error) {
	tail := beginning.tail
	if tail == nil {
		return s.tails.Follow(ctx, beginning.Wanted.Measurement, attach)
	}
	beginning.tail = nil
	tail.Attach(attach)
	return tail.Release, nil
}

func (s *Stream) all() []*live.Partition {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.partitions))
}
