package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/prometheus/client_golang/prometheus"
)

// Tails follow those partitions of a topic that have followers, with a goroutine for each.
type Tails struct {
	log            *Log
	topic          string
	config         TailConfig
	consumer       Consumer
	open           func(number int) partition
	running        prometheus.Gauge
	rings          ringBudget
	ctx            context.Context
	stop           context.CancelFunc
	mu             sync.Mutex
	tails          map[int]*tail
	group          sync.WaitGroup
	changeReported bool // its followers know that the topic's partitions have changed; only Log.Watch uses it
}

// Tails returns the tails of a topic; none runs until it is followed. The configuration is valid.
func (l *Log) Tails(topic string, cfg TailConfig, consumer Consumer) *Tails {
	ctx, stop := context.WithCancel(context.Background())
	tails := &Tails{
		log:      l,
		topic:    topic,
		config:   cfg.withDefaults(),
		consumer: consumer,
		open:     func(number int) partition { return l.partition(topic, number) },
		running:  l.metrics.tails.WithLabelValues(topic),
		ctx:      ctx,
		stop:     stop,
		tails:    map[int]*tail{},
	}
	l.metrics.gaps.WithLabelValues(topic) // so that the first gap shows as an increase
	l.metrics.reusedBatches.WithLabelValues(topic)
	tails.rings.maxBytes = int64(tails.config.RingsBytes)
	l.tails.add(tails)
	return tails
}

// Follow makes sure that a measurement's partition is followed from an offset that was the log's end, or before it, when Follow was called. It calls
// attach once, under the tail's lock, with the partition's number and the offset before which all records have been delivered: every record that
// Kafka takes after Follow has returned is delivered after attach. The caller must release it. A *PartitionsChangedError says that there is not one such
// partition.
func (t *Tails) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(partition int, next int64)) (release func(), err error) {
	partitions, err := t.log.checkedPartitionCount(ctx, t.topic)
	if err != nil {
		return nil, err
	}
	tail, release, err := t.acquire(ctx, PartitionOf(measurement, partitions))
	if err != nil {
		return nil, err
	}
	tail.attach(attach)
	return release, nil
}

// FollowFrom continues at the position of the next record of a reader of the history. If the tail holds all records from there on, attach is called
// once, under the tail's lock, with those records, and later ones are delivered; the slice is valid during the call. A caller that takes only some
// of them calls again with the position after them. If the tail does not hold them, the error is ErrNotInRing, and the partition is followed for
// TailConfig.Linger nevertheless: read the history to its end and call again.
func (t *Tails) FollowFrom(ctx context.Context, position atlas.Position, attach func(missed []atlas.Record)) (release func(), err error) {
	if position.Topic != t.topic {
		return nil, fmt.Errorf("position: got topic %q, want %q", position.Topic, t.topic)
	}
	if _, err := t.log.existing(ctx, t.topic, position.Partition); err != nil {
		return nil, err
	}
	tail, release, err := t.acquire(ctx, position.Partition)
	if err != nil {
		return nil, err
	}
	if err := tail.attachFrom(ctx, position.Offset, attach); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// Followed keeps the tail of a partition running for a caller that attaches later, or again.
type Followed struct {
	tail    *tail
	release func()
}

// Await follows a partition, and returns once its tail has reached a position, whether it holds the record there or not. The caller must release the result.
func (t *Tails) Await(ctx context.Context, position atlas.Position) (*Followed, error) {
	if _, err := t.log.existing(ctx, t.topic, position.Partition); err != nil {
		return nil, err
	}
	tail, release, err := t.acquire(ctx, position.Partition)
	if err != nil {
		return nil, err
	}
	//mutate:resume-without-waiting
	err = tail.attachFrom(ctx, position.Offset, func([]atlas.Record) {})
	if err != nil && !errors.Is(err, ErrNotInRing) {
		release()
		return nil, err
	}
	return &Followed{tail, release}, nil
}

// Attach calls attach as Tails.Follow does.
func (f *Followed) Attach(attach func(partition int, next int64)) { f.tail.attach(attach) }

// Release releases the tail.
func (f *Followed) Release() { f.release() }

// acquire keeps the tail of a partition running and returns once its offset is known.
func (t *Tails) acquire(ctx context.Context, number int) (*tail, func(), error) {
	tail, err := t.retain(number)
	if err != nil {
		return nil, nil, err
	}
	var released atomic.Bool
	release := func() { // each subscription keeps it, and a sync.OnceFunc takes three times as much memory
		if !released.Swap(true) {
			t.release(tail)
		}
	}
	select {
	case <-tail.started:
		return tail, release, nil
	case <-tail.ctx.Done():
		err = ErrClosed
	case <-ctx.Done():
		err = fmt.Errorf("%s: %w", tail.partition, ctx.Err())
	}
	release()
	return nil, nil, err
}

func (t *Tails) retain(number int) (*tail, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx.Err() != nil {
		return nil, ErrClosed
	}
	current := t.tails[number]
	if current == nil || current.ctx.Err() != nil {
		current = t.start(number, current)
	}
	current.followers++
	if current.idle != nil {
		current.idle.Stop()
	}
	return current, nil
}

// start runs a tail after the one before it has ended: one at a time delivers a partition.
func (t *Tails) start(number int, previous *tail) *tail {
	tail := t.newTail(number)
	t.tails[number] = tail
	t.group.Go(func() {
		if previous != nil {
			<-previous.ended
		}
		tail.run()
	})
	return tail
}

func (t *Tails) release(tail *tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tail.followers--
	if tail.followers == 0 && tail.ctx.Err() == nil {
		tail.idle = time.AfterFunc(t.config.Linger, func() { t.stopIdle(tail) })
	}
}

func (t *Tails) stopIdle(tail *tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tail.followers == 0 {
		tail.stop()
	}
}

// Close stops all tails and returns when they have ended. Nothing is delivered afterwards.
func (t *Tails) Close() error {
	t.log.tails.remove(t)
	t.mu.Lock()
	t.stop()
	for _, tail := range t.tails {
		if tail.idle != nil {
			tail.idle.Stop()
		}
	}
	t.mu.Unlock()
	t.group.Wait()
	return nil
}
