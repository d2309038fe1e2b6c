package eventlog

import (
	"hash/maphash"
	"math/bits"

	"atlasstream/pkg/atlas"
)

// Repeats tells which records of one partition are repeats: those whose event ID stands among the horizon records before them, repeats included.
// Records are counted by offset, so readers that started at different offsets agree as soon as each has seen a whole horizon. It allocates nothing
// after it is made and holds about 40 bytes a record of horizon.
type Repeats struct {
	horizon int64
	seed    maphash.Seed
	latest  []int64 // by hash: 1 + the offset of the last record of that hash; 0 for none
	records []seenRecord
}

// seenRecord stands at its offset modulo the horizon. Records of one hash form a list with falling offsets, so whatever follows a record beyond the
// horizon is beyond it too, and nothing is ever taken out.
type seenRecord struct {
	id       atlas.EventID
	previous int64 // 1 + the offset of the record before it with the same hash; 0 for none
}

// NewRepeats makes a Repeats that looks back that many records, at least 1.
func NewRepeats(horizon int) *Repeats {
	return &Repeats{
		horizon: int64(horizon),
		seed:    maphash.MakeSeed(),
		latest:  make([]int64, 1<<bits.Len(uint(horizon-1))),
		records: make([]seenRecord, horizon),
	}
}

// Add takes the next record and tells whether it is a repeat. Offsets must rise from call to call, until Reset.
func (r *Repeats) Add(offset int64, id atlas.EventID) bool {
	hash := maphash.Bytes(r.seed, id[:]) & uint64(len(r.latest)-1)
	previous := r.latest[hash]
	//mutate:horizon-one-short
	repeat := r.stands(id, previous, offset-r.horizon)
	r.records[offset%r.horizon] = seenRecord{id: id, previous: previous}
	r.latest[hash] = offset + 1
	return repeat
}

func (r *Repeats) stands(id atlas.EventID, link, oldest int64) bool {
	for link > 0 && link-1 >= oldest {
		record := &r.records[(link-1)%r.horizon]
		if record.id == id {
			return true
		}
		link = record.previous
	}
	return false
}

// Reset forgets every record.
func (r *Repeats) Reset() { clear(r.latest) }
