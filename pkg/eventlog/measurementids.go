package eventlog

import (
	"hash/maphash"

	"atlasstream/pkg/atlas"
)

// recentIDs tells which records of some measurements are repeats, as Repeats does of a whole partition: records with the same ID have the same value, and so
// belong to the same measurement. It holds the IDs of these measurements' records within the horizon, some 40 to 80 bytes each, and no more.
type recentIDs struct {
	horizon int64 // in offsets of the partition
	seed    maphash.Seed
	heads   []int64    // by hash: 1 + the number of the last record of that hash; 0 for none
	records []recentID // a ring: record number n stands at n modulo its length, which is a power of two
	first   int64      // the number of the oldest record within the horizon
	next    int64      // the number of the next record
}

// recentID has the record before it with the same hash as its previous. The numbers in such a list fall, so what follows one that is too old is too old.
type recentID struct {
	id       atlas.EventID
	offset   int64
	previous int64 // 1 + its number; 0 for none
}

// leastRecent is how many IDs there is room for at first.
const leastRecent = 64

func newRecentIDs(horizon int64) *recentIDs {
	return &recentIDs{horizon: horizon, seed: maphash.MakeSeed(), heads: make([]int64, leastRecent), records: make([]recentID, leastRecent)}
}

// add takes the measurements' next record and tells whether it is a repeat. Offsets must rise from call to call.
func (r *recentIDs) add(offset int64, id atlas.EventID) bool {
	r.drop(offset - r.horizon)
	head := r.head(id)
	repeat := r.has(id, *head)
	r.drop(offset - r.horizon + 1) // no later record looks so far back
	if r.next-r.first == int64(len(r.records)) {
		r.grow()
		head = r.head(id)
	}
	r.put(recentID{id: id, offset: offset}, head)
	return repeat
}

// drop forgets what stands before an offset.
func (r *recentIDs) drop(before int64) {
	for r.first < r.next && r.at(r.first).offset < before {
		r.first++
	}
}

// has looks for an ID in the list that a head begins.
func (r *recentIDs) has(id atlas.EventID, link int64) bool {
	for link > r.first {
		record := r.at(link - 1)
		if record.id == id {
			return true
		}
		link = record.previous
	}
	return false
}

func (r *recentIDs) put(record recentID, head *int64) {
	record.previous = *head
	*r.at(r.next) = record
	r.next++
	*head = r.next
}

func (r *recentIDs) grow() {
	old := *r
	r.heads, r.records, r.next = make([]int64, 2*len(old.heads)), make([]recentID, 2*len(old.records)), old.first
	for number := old.first; number < old.next; number++ {
		record := *old.at(number)
		r.put(record, r.head(record.id))
	}
}

func (r *recentIDs) at(number int64) *recentID { return &r.records[number&int64(len(r.records)-1)] }

func (r *recentIDs) head(id atlas.EventID) *int64 {
	return &r.heads[maphash.Bytes(r.seed, id[:])&uint64(len(r.heads)-1)]
}
