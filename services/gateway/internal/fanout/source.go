package fanout

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
)

// Feed tails the partitions of a stream that somebody listens to.
type Feed interface {
	// Follow has the partition of a measurement delivered. It calls attach once with the partition's number and the offset before which all has been
	// delivered, under the partition's lock: every record that the log takes after Follow has returned is delivered after that. The partition is followed
	// until release is called.
	Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(partition int, next int64)) (release func(), err error)
}

// Attached is the feed of a source whose records are all delivered anyway, in partition 0.
func Attached(*Source) Feed { return attached{} }

type attached struct{}

func (attached) Follow(_ context.Context, _ atlas.MeasurementID, attach func(partition int, next int64)) (release func(), err error) {
	attach(0, 0)
	return func() {}, nil
}

// Source is one stream of the log: it takes the records of its partitions and hands them to the subscribers.
type Source struct {
	hub       *Hub
	stream    atlas.Stream
	feed      Feed
	trail     Trail // nil if the feed has none
	delivered prometheus.Counter

	mu         sync.RWMutex
	partitions map[int]*partition
}

// Deliver enqueues records, which stand in offset order in one partition.
func (s *Source) Deliver(number int, records []atlas.Record) {
	s.delivered.Add(float64(s.partition(number).deliver(records)))
}

// Flush writes what Deliver enqueued. Where a client cannot be given later what it cannot take now, it waits for clients whose queues are half full, for two
// seconds each time that they become so.
func (s *Source) Flush(number int) { s.partition(number).flush() }

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
		opened := newPartition(s.hub)
		opened.source, opened.number, opened.patient = s, number, s.trail != nil
		s.partitions[number] = opened
	}
	return s.partitions[number]
}

// follow begins a membership under the lock of its partition.
func (s *Source) follow(ctx context.Context, joining *membership) (err error) {
	if err := s.locate(ctx, joining); err != nil {
		return err
	}
	var refused error
	release, err := s.attach(ctx, joining, func(number int, next int64) {
		joining.partition = s.partition(number)
		refused = joining.partition.add(joining, next)
	})
	if err != nil {
		return err
	}
	joining.hold(release)
	return refused
}

// attach calls attach under the lock of the tail in which a membership resumes, or of that of its measurement.
func (s *Source) attach(ctx context.Context, joining *membership, attach func(partition int, next int64)) (release func(), err error) {
	tail := joining.tail
	if tail == nil {
		return s.feed.Follow(ctx, joining.wanted.Measurement, attach)
	}
	joining.tail = nil
	tail.Attach(attach)
	return tail.Release, nil
}

// judge ends the memberships that a change of their measurement leaves without a standing. Those that begin meanwhile are judged by then.
func (s *Source) judge(measurement atlas.MeasurementID) {
	for _, partition := range s.all() {
		release(partition.judge(measurement))
	}
}

func (s *Source) all() []*partition {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.partitions))
}
