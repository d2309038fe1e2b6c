package eventlog

import "atlasstream/pkg/atlas"

// recordOverhead is the memory of a record in the ring besides its value, in bytes.
const recordOverhead = 176

// ring holds the last records of a partition, as many as the limits allow.
type ring struct {
	maxRecords, maxBytes int
	first                int64 // the offset from which on no record is missing
	records              []atlas.Record
	start                int // records before it have been dropped
	bytes                int
}

// begin empties the ring; the next record has an offset from first on.
func (r *ring) begin(first int64) {
	clear(r.records)
	r.records, r.start, r.bytes, r.first = r.records[:0], 0, 0, first
}

func (r *ring) add(records []atlas.Record) {
	r.records = append(r.records, records...)
	for i := range records {
		r.bytes += recordOverhead + len(records[i].Value)
	}
	for len(r.records)-r.start > r.maxRecords || r.bytes > r.maxBytes {
		r.dropOldest()
	}
	if r.start > len(r.records)/2 {
		r.compact()
	}
}

func (r *ring) dropOldest() {
	oldest := &r.records[r.start]
	r.first = oldest.Position.Offset + 1
	r.bytes -= recordOverhead + len(oldest.Value)
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
