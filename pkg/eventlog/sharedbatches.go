package eventlog

import (
	"container/list"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
)

const (
	// maxSharedBytes limits the batches that the readers of a Log share.
	maxSharedBytes = 32 << 20
	// leastShared is how many batches there is room for at least. Each reader decompresses a longer one for itself.
	leastShared = 8
)

// sharedBatches are those that several readers of a partition go through at about the same time, as clients do that catch up: the first of them decompresses
// and checks a batch for all. Each reader fetches for itself nevertheless, and shares a batch with those that have fetched the same bytes: so it reads what the
// log has at that moment, be it truncated or recreated meanwhile, and of transactions what the broker says that they are.
type sharedBatches struct {
	maxBytes int64
	seed     maphash.Seed
	held     prometheus.Gauge // bytes

	mu         sync.Mutex
	partitions map[partitionName]*sharedPartition // that have readers
	recent     list.List                          // of *sharedBatch, the one that was used last at the front
	bytes      int64
}

type partitionName struct {
	topic  string
	number int
}

// sharedPartition has the batches that readers of one partition share. A nil one shares none.
type sharedPartition struct {
	*sharedBatches
	name    partitionName
	reused  prometheus.Counter
	readers atomic.Int32
	batches map[batchIdentity]*sharedBatch // guarded by sharedBatches.mu
}

// batchIdentity tells a batch from any other that the partition has or had.
type batchIdentity struct {
	base     int64
	checksum uint32
	contents uint64 // a hash, which nobody who writes to the log can foresee, of the bytes that the checksum covers
}

func newSharedBatches(maxBytes int64, held prometheus.Gauge) *sharedBatches {
	return &sharedBatches{maxBytes: maxBytes, seed: maphash.MakeSeed(), held: held, partitions: map[partitionName]*sharedPartition{}}
}

// join has one more reader share the batches of a partition, until it leaves.
func (s *sharedBatches) join(p partition, reused prometheus.Counter) *sharedPartition {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := partitionName{p.topic, p.number}
	joined := s.partitions[name]
	if joined == nil {
		joined = &sharedPartition{sharedBatches: s, name: name, reused: reused, batches: map[batchIdentity]*sharedBatch{}}
		s.partitions[name] = joined
	}
	joined.readers.Add(1)
	return joined
}

// leave drops all batches of the partition with its last reader.
func (p *sharedPartition) leave() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readers.Add(-1) > 0 {
		return
	}
	for _, batch := range p.batches {
		p.drop(batch)
	}
	delete(p.partitions, p.name)
}

// find returns what readers share of a batch that was fetched. It returns nil for the only reader of a partition, for which keeping a batch would be in vain.
func (p *sharedPartition) find(fetched *fetchedBatch) *sharedBatch {
	if p == nil || p.readers.Load() < 2 {
		return nil
	}
	//mutate:shared-batch-of-another-log,shared-batch-hides-damage
	identity := batchIdentity{fetched.base, fetched.checksum, maphash.Bytes(p.seed, fetched.checksummed)}
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.batches[identity]
	if found == nil {
		found = &sharedBatch{partition: p, identity: identity}
		found.place = p.recent.PushFront(found)
		p.batches[identity] = found
		return found
	}
	p.recent.MoveToFront(found.place)
	p.reused.Inc()
	return found
}

// offer has the batches of a response shared.
func (p *sharedPartition) offer(response *kafka.FetchResponse) {
	if response == nil {
		return
	}
	if records, ok := response.Records.(*committedRecords); ok {
		for _, batch := range records.batches {
			batch.sharing = p
		}
	}
}

// keep has a batch, which has just been decompressed, count for the limit.
func (s *sharedBatches) keep(batch *sharedBatch, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if batch.place == nil { // it was dropped meanwhile
		return
	}
	batch.bytes = bytes
	s.add(bytes)
	//mutate:shared-batches-unbounded
	for s.bytes > s.maxBytes {
		s.drop(s.recent.Back().Value.(*sharedBatch))
	}
}

// forget drops a batch that cannot be shared.
func (s *sharedBatches) forget(batch *sharedBatch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(batch)
}

// drop is called with the lock held. Readers that have found the batch go on with it.
func (s *sharedBatches) drop(batch *sharedBatch) {
	if batch.place == nil {
		return
	}
	s.recent.Remove(batch.place)
	batch.place = nil
	delete(batch.partition.batches, batch.identity)
	s.add(-batch.bytes)
}

func (s *sharedBatches) add(bytes int64) {
	s.bytes += bytes
	s.held.Add(float64(bytes))
}
