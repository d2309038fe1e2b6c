package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"atlasstream/pkg/atlas"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
)

// maxHeldBytes limits what a reader holds before it delivers it, even if there is more to read: 256 MiB.
const maxHeldBytes = 256 << 20

// errReread says that the topic may be another one than that which was read.
var errReread = errors.New("the topic may have been recreated")

// ReadRegistry reads a registry's topic from its beginning and follows it, until the context ends; its error is the context's. It waits for Kafka and
// for the topic.
//
// apply receives objects, those of one ID in the order in which they were put, from one goroutine at a time; it may keep them. Of an object that was put
// several times before it was read, it receives the last version only. caughtUp is called once, after apply has received all that was there when reading
// began.
//
// After an outage, a topic that may have been recreated is read again from its beginning. Objects that are not in it any more are then delivered as
// deleted.
func (l *Log) ReadRegistry(ctx context.Context, topic string, apply func([]atlas.Object), caughtUp func()) error {
	r := &registryReading{log: l, topic: topic, apply: apply, caughtUp: sync.OnceFunc(caughtUp), known: map[int64]knownObject{}}
	var pause backoff
	for {
		err := r.readThrough(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.logger.Warn("reading a registry from its beginning again", zap.String("topic", topic), zap.Error(err))
		if pause.wait(ctx) != nil {
			return ctx.Err()
		}
	}
}

// registryReading is the state of a ReadRegistry.
type registryReading struct {
	log      *Log
	topic    string
	apply    func([]atlas.Object)
	caughtUp func()

	mu      sync.Mutex
	known   map[int64]knownObject // what apply knows
	pass    int                   // how often reading has begun
	pending int                   // partitions that have not been read up to their end when the pass began
}

// knownObject is where an object was read that apply has received.
type knownObject struct {
	pass, partition int
	at              time.Time
}

// readThrough reads all partitions and follows them, until one may be another than it was.
func (r *registryReading) readThrough(ctx context.Context) error {
	partitions, err := r.awaitTopic(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.pass++
	r.pending = partitions
	r.mu.Unlock()
	group, ctx := errgroup.WithContext(ctx)
	for number := range partitions {
		group.Go(func() error { return r.follow(ctx, number, partitions) })
	}
	return group.Wait()
}

func (r *registryReading) awaitTopic(ctx context.Context) (partitions int, err error) {
	warn := sync.OnceFunc(func() {
		r.log.logger.Warn("waiting for the topic of a registry, which a collector creates", zap.Error(err))
	})
	err = retry(ctx, func() error {
		if partitions, err = r.log.partitionCount(ctx, r.topic); errors.Is(err, ErrNoTopic) || isMissingRight(err) {
			warn()
		}
		return err
	})
	return partitions, err
}

func (r *registryReading) follow(ctx context.Context, number, partitions int) error {
	reader, end, err := r.open(ctx, number)
	if err != nil {
		return err
	}
	defer reader.close()
	catchingUp := true
	var pause backoff
	for {
		if catchingUp && reader.next >= end {
			catchingUp = false
			r.deliver(reader)
			r.partitionRead(reader.next - 1)
		}
		if err := reader.read(ctx); err == nil {
			pause.reset()
		} else if err := r.recover(ctx, reader, &pause, err); err != nil {
			return err
		}
		if !catchingUp || reader.bytes > maxHeldBytes {
			r.deliver(reader)
		}
		if count, err := r.log.topicPartitions(ctx, r.topic); err == nil && len(count) > partitions {
			return fmt.Errorf("%w: it has %d partitions, and had %d", errReread, len(count), partitions)
		}
	}
}

func (r *registryReading) open(ctx context.Context, number int) (*registryReader, int64, error) {
	partition := r.log.partition(r.topic, number)
	var first, next int64
	err := retry(ctx, func() (err error) {
		first, next, err = partition.bounds(ctx)
		return err
	})
	return r.log.newRegistryReader(partition, first), next, err
}

// deliver delivers the held objects. If partitions were added, an object has an older version in another one.
func (r *registryReading) deliver(reader *registryReader) {
	held := reader.takeHeld()
	if len(held) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	objects := make([]atlas.Object, 0, len(held))
	for _, object := range held {
		known, found := r.known[object.ID]
		if found && known.pass == r.pass && known.partition != reader.number && known.at.After(object.at) {
			continue
		}
		r.known[object.ID] = knownObject{pass: r.pass, partition: reader.number, at: object.at}
		objects = append(objects, object.Object)
	}
	r.apply(objects)
}

// partitionRead notes that a partition has been read up to its end when the pass began. Objects that are not there any more are deleted as of the last
// offset, that of a registry's only partition.
func (r *registryReading) partitionRead(last int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending--
	if r.pending > 0 {
		return
	}
	var gone []atlas.Object
	for id, known := range r.known {
		if known.pass != r.pass {
			gone = append(gone, atlas.Object{ID: id, Position: atlas.Position{Topic: r.topic, Partition: known.partition, Offset: last}})
			delete(r.known, id)
		}
	}
	if len(gone) > 0 {
		r.log.logger.Warn("objects are missing from a registry, and count as deleted", zap.String("topic", r.topic), zap.Int("objects", len(gone)))
		r.apply(gone)
	}
	r.caughtUp()
}

// recover waits until Kafka answers again, and checks that the log is the one that was read.
func (r *registryReading) recover(ctx context.Context, reader *registryReader, pause *backoff, err error) error {
	for {
		r.report(ctx, reader, err)
		if err := pause.wait(ctx); err != nil {
			return err
		}
		var same bool
		if same, err = reader.sameLog(ctx); err != nil {
			continue
		}
		if !same {
			return fmt.Errorf("%s: %w", reader.partition, errReread)
		}
		return nil
	}
}

func (r *registryReading) report(ctx context.Context, reader *registryReader, err error) {
	if ctx.Err() != nil {
		return
	}
	reader.metrics.errors.Inc()
	r.log.logger.Warn("reading from Kafka failed, retrying", zap.Stringer("partition", reader.partition), zap.Error(err))
}
