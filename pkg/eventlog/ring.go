package eventlog

import (
	"sync/atomic"

	"atlasstream/pkg/atlas"
)

// recordOverhead is the memory of a record in the ring besides its value, in bytes.
const recordOverhead = 176

// ring holds the last records of a partition, as many as its limits and the budget of all rings allow.
type ring struct {
	maxRecords, maxBytes int
	budget               *ringBudget
	first                int64 // the offset from which on no record is missing
	records              []atlas.Record
	start                int // records before it have been dropped
	bytes                int
}

// begin empties the ring; the next record has an offset from first on.
func (r *ring) begin(first int64) {
	clear(r.records)
	r.records, r.start, r.first = r.records[:0], 0, first
	r.count(-r.bytes)
}

func (r *ring) add(records []atlas.Record) {
	r.records = append(r.records, records...)
	added := 0
	for i := range records {
		added += recordOverhead + len(records[i].Value)
	}
	r.count(added)
	for r.isTooLong() {
		r.dropOldest()
	}
	if r.start > len(r.records)/4 { // more often than that costs more time, more seldom more memory
		r.compact()
	}
}

func (r *ring) isTooLong() bool {
	return len(r.records)-r.start > r.maxRecords || r.bytes > r.maxBytes || r.budget.isExceededBy(r.bytes)
}

// count counts bytes that are added, or subtracts them.
func (r *ring) count(bytes int) {
	r.bytes += bytes
	r.budget.bytes.Add(int64(bytes))
}

func (r *ring) dropOldest() {
	oldest := &r.records[r.start]
	r.first = oldest.Position.Offset + 1
	r.count(-recordOverhead - len(oldest.Value))
	*oldest = atlas.Record{}
	r.start++
}

func (r *ring) compact() {
	kept := copy(r.records, r.records[r.start:])
	clear(r.records[kept:])
	r.records, r.start = r.records[:kept], 0
}

// since returns the records from an offset on, and whether the ring has them all.
func (r *ring) since(offset int64) ([]atlas.Record, bool) {
	//mutate:ring-hides-gap
	if offset < r.first {
		return nil, false
	}
	held := r.records[r.start:]
	for i := range held {
		//mutate:ring-omits-first
		if held[i].Position.Offset >= offset {
			return held[i:], true
		}
	}
	return nil, true
}

// ringBudget limits the rings of all partitions of a topic together. Beyond it, those that have more than an equal share drop records; a quiet partition leaves
// what it does not need to others.
type ringBudget struct {
	maxBytes int64
	bytes    atomic.Int64 // of all rings
	rings    atomic.Int64
}

func (b *ringBudget) isExceededBy(bytes int) bool {
	//mutate:rings-without-budget
	return b.bytes.Load() > b.maxBytes && int64(bytes) > b.maxBytes/max(1, b.rings.Load())
}
