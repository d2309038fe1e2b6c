package volume

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

// Log looks up offsets. Its methods wait for Kafka until the context ends.
type Log interface {
	// OffsetAt returns the offset of the first record at or after a time, or the log's end.
	OffsetAt(ctx context.Context, topic string, partition int, at time.Time) (int64, error)
}

const (
	// lookUpsAtOnce is how many offsets one volume looks up in parallel.
	lookUpsAtOnce = 8
	// settledAge is the least age of a time whose offset is cached: hardly any records of it come later.
	settledAge = time.Hour
	// maxCached is how many offsets are cached.
	maxCached = 50_000
)

// offsetCache caches the offsets of times that are long past.
type offsetCache struct {
	log Log

	mu         sync.Mutex
	partitions map[partitionKey]*partitionOffsets
	cached     int
}

type partitionKey struct {
	topic  string
	number int
}

type partitionOffsets struct {
	first, next int64           // of the partition, at the last look-up
	at          map[int64]int64 // by Unix milliseconds
}

// lookUp returns the offsets of times, which are in order: they do not decrease, and are within the partition.
func (o *offsetCache) lookUp(ctx context.Context, account *readlimit.Account, part topicrange.Partition, times []int64) ([]int64, error) {
	found, missing := o.lookUpCached(part, times)
	if err := account.PayLookUps(ctx, len(missing)); err != nil {
		return nil, err
	}
	lookUps, waiting := errgroup.WithContext(ctx)
	lookUps.SetLimit(lookUpsAtOnce)
	for _, i := range missing {
		lookUps.Go(func() (err error) {
			found[i], err = o.log.OffsetAt(waiting, part.Topic, part.Number, time.UnixMilli(times[i]))
			return err
		})
	}
	if err := lookUps.Wait(); err != nil {
		return nil, err
	}
	o.store(part, times, found, missing)
	least := part.First
	for i := range found {
		found[i] = min(max(found[i], least), part.Next)
		least = found[i]
	}
	return found, nil
}

// lookUpCached returns cached offsets, and the indexes of those that are missing.
func (o *offsetCache) lookUpCached(part topicrange.Partition, times []int64) (found []int64, missing []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	known := o.of(part)
	found = make([]int64, len(times))
	for i, at := range times {
		offset, is := known.at[at]
		if !is {
			missing = append(missing, i)
		}
		found[i] = offset
	}
	return found, missing
}

// of is called under the lock. A partition that begins or ends earlier than before is another one.
func (o *offsetCache) of(part topicrange.Partition) *partitionOffsets {
	key := partitionKey{part.Topic, part.Number}
	known := o.partitions[key]
	if known != nil && (part.First < known.first || part.Next < known.next) {
		o.evict(key)
		known = nil
	}
	if known == nil {
		known = &partitionOffsets{at: make(map[int64]int64)}
		if o.partitions == nil {
			o.partitions = make(map[partitionKey]*partitionOffsets)
		}
		o.partitions[key] = known
	}
	known.first, known.next = part.First, part.Next
	return known
}

func (o *offsetCache) evict(key partitionKey) {
	o.cached -= len(o.partitions[key].at)
	delete(o.partitions, key)
}

func (o *offsetCache) store(part topicrange.Partition, times, found []int64, looked []int) {
	settled := time.Now().Add(-settledAge).UnixMilli()
	o.mu.Lock()
	defer o.mu.Unlock()
	for key := range o.partitions { // in any order
		if o.cached < maxCached {
			break
		}
		o.evict(key)
	}
	known := o.of(part)
	for _, i := range looked {
		if _, is := known.at[times[i]]; !is && times[i] < settled {
			known.at[times[i]] = found[i]
			o.cached++
		}
	}
}
