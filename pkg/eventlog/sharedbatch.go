package eventlog

import (
	"bytes"
	"container/list"
	"sync"
	"sync/atomic"

	"atlasstream/pkg/atlas"
)

// sharedRecordBytes is what a record of a shared batch takes beside its bytes and a copy of its value.
const sharedRecordBytes = 256

// sharedBatch is a batch that was decompressed for several readers.
type sharedBatch struct {
	partition *sharedPartition
	identity  batchIdentity
	place     *list.Element // guarded by sharedBatches.mu; nil once the batch was dropped
	bytes     int64         // likewise; 0 before it is decompressed

	once    sync.Once
	err     error
	records []byte        // decompressed; nil if it cannot be shared
	events  []sharedEvent // of the records, in their order
}

// sharedEvent is the event of a record, once a reader has checked its value and copied it into memory that lasts.
type sharedEvent struct{ atomic.Pointer[atlas.Record] }

// load has a fetched batch read what is shared, which it decompresses unless another one has. While another one does, it waits.
func (s *sharedBatch) load(fetched *fetchedBatch) error {
	//mutate:shared-batch-decompressed-by-all
	s.once.Do(func() { s.decompress(fetched) })
	if s.err != nil {
		return s.err
	}
	if s.records == nil {
		return fetched.decompressAlone()
	}
	fetched.decompressed, fetched.records.rest, fetched.events = true, s.records, s.events
	return nil
}

func (s *sharedBatch) decompress(fetched *fetchedBatch) {
	s.err = fetched.decompressAlone()
	count := max(0, fetched.remaining)
	size := 2*int64(len(fetched.records.rest)) + sharedRecordBytes*int64(count)
	if s.err != nil || size > s.partition.maxBytes/leastShared {
		s.partition.forget(s)
		return
	}
	s.records, s.events = bytes.Clone(fetched.records.rest), make([]sharedEvent, count)
	fetched.returnBuffer()
	s.partition.keep(s, size)
}

// sharedValue is the value of a record in a shared batch.
type sharedValue struct {
	*payload
	event *sharedEvent
}
