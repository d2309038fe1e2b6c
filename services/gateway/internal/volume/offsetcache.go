package volume

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

// Log is where offsets are looked up. Its methods wait for Kafka as long as the context lasts.
type Log interface {
	// OffsetAt gives the least offset whose record's time is at or after the given one, or the log's end where there is none.
	OffsetAt(ctx context.Context, topic string, partition int, at time.Time) (int64, error)
}

const (
	// lookUpsAtOnce is how many offsets are looked up at a time for one volume.
	lookUpsAtOnce = 8
	// settledAge is how old a time is at least whose offset is remembered: records of it do not come any more, or hardly.
	settledAge = time.Hour
	// maxCached is how many offsets are remembered.
	maxCached = 50_000
)

// offsetCache remember where the records of times stand that have been long ago.
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
	first, next int64           // of the partition, when it was seen last
	at          map[int64]int64 // by Unix milliseconds
}

// lookUp gives the offsets of times, which come in their order: none is less than the one before it, or outside what the partition has.
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

// lookUpCached gives what is remembered, and the numbers of those that are not.
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

// of is called under the lock. A partition that ends or begins before where it did is another one.
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
	for key := range o.partitions { // any one
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
