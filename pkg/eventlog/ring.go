package eventlog

import "atlasstream/pkg/atlas"

// recordOverhead is what a record in the ring takes beside its value, in bytes.
const recordOverhead = 176

// ring holds the last records of a partition, as many as the limits allow.
type ring struct {
	maxRecords, maxBytes int
	first                int64 // from this offset on nothing is missing
	records              []atlas.Record
	start                int // records before it are out already
	bytes                int
}

// begin empties the ring; it will hold what comes from that offset on.
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

// since gives what the ring holds from an offset on, and whether that is all there was.
func (r *ring) since(offset int64) ([]atlas.Record, bool) {
	//mutate:ring-gives-with-gap
	if offset < r.first {
		return nil, false
	}
	held := r.records[r.start:]
	for i := range held {
		//mutate:ring-leaves-out-first
		if held[i].Position.Offset >= offset {
			return held[i:], true
		}
	}
	return nil, true
}
