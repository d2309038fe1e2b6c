package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
)

// maxHeldBytes is how much a partition's reader holds before it hands it on, though there is more to read: 256 MiB.
const maxHeldBytes = 256 << 20

// errReread says that what was read of a registry may not be what its topic has.
var errReread = errors.New("the topic is not known again")

// ReadRegistry reads a registry's topic from its beginning and follows it, until the context ends; its error is the context's. It waits for Kafka and for the
// topic as long as it takes.
//
// apply gets objects, those of one ID in the order in which they were put, from one goroutine at a time; it may keep them. What was put several times before
// reading came to it is handed on once, in its last version. caughtUp is called once, after apply had all that was there when reading began.
//
// A topic that cannot be known again after Kafka failed to answer, as it may have been deleted and made anew, is read from its beginning. What was known
// and is there no more is then handed on as deleted.
func (l *Log) ReadRegistry(ctx context.Context, topic string, apply func([]atlas.Object), caughtUp func()) error {
	r := &registryReading{log: l, topic: topic, apply: apply, caughtUp: sync.OnceFunc(caughtUp), known: map[int64]knownObject{}}
	var pause backoff
	for {
		err := r.readThrough(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.logger.Warn("reading a registry anew from its beginning", zap.String("topic", topic), zap.Error(err))
		if pause.wait(ctx) != nil {
			return ctx.Err()
		}
	}
}

// registryReading is what one ReadRegistry has read.
type registryReading struct {
	log      *Log
	topic    string
	apply    func([]atlas.Object)
	caughtUp func()

	mu      sync.Mutex
	known   map[int64]knownObject // what apply knows
	pass    int                   // how often reading began
	pending int                   // partitions that are not read yet to where they ended when the pass began
}

// knownObject is where the object that apply has was found.
type knownObject struct {
	pass, partition int
	at              time.Time
}

// readThrough reads every partition and follows them, until one is another than it was.
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
		r.log.logger.Warn("waiting for the topic of a registry, which a collector makes", zap.Error(err))
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
			return fmt.Errorf("%w: it has %d partitions, after %d", errReread, len(count), partitions)
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

// deliver hands on what the reader holds. Where partitions were added, an object has an older version in another one.
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

// partitionRead notes that a partition is read to where it ended. What is there no more is deleted as of the last offset, that of the one partition that a registry
// has.
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
		r.log.logger.Warn("objects are in a registry no more", zap.String("topic", r.topic), zap.Int("objects", len(gone)))
		r.apply(gone)
	}
	r.caughtUp()
}

// recover waits until Kafka answers again, and sees whether the log is the one that was read.
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
	r.log.logger.Warn("reading from Kafka failed, trying again", zap.Stringer("partition", reader.partition), zap.Error(err))
}

func isOutOfRange(err error) bool { return errors.Is(err, kafka.OffsetOutOfRange) }
