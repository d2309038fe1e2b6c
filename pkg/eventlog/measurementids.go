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
	heads   []idList   // by hash
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

// idList is a list of the records of one hash: its low bits are 1 + the number of the last of them, 0 for none, and those above are a Bloom filter of their
// hashes, so that most look-ups of new IDs touch none of the records, which are rarely in the processor's cache.
type idList uint64

const (
	numberBits = 40
	filterBits = 64 - numberBits
)

func (l idList) last() int64 { return int64(l & (1<<numberBits - 1)) }

// filterBit is that of a hash, by those of its bits that do not choose the list.
func filterBit(hash uint64) idList { return 1 << (numberBits + hash>>32%filterBits) }

// leastRecent is how many IDs there is room for at first.
const leastRecent = 64

func newRecentIDs(horizon int64) *recentIDs {
	return &recentIDs{horizon: horizon, seed: maphash.MakeSeed(), heads: make([]idList, leastRecent), records: make([]recentID, leastRecent)}
}

// add takes the measurements' next record and tells whether it is a repeat. Offsets must rise from call to call.
func (r *recentIDs) add(offset int64, id atlas.EventID) bool {
	//mutate:recent-ids-forget
	r.drop(offset - r.horizon)
	hash := r.hash(id)
	repeat := r.has(id, hash)
	r.drop(offset - r.horizon + 1) // no later record looks so far back
	if r.next-r.first == int64(len(r.records)) {
		r.grow()
	}
	r.put(recentID{id: id, offset: offset}, hash)
	return repeat
}

// drop forgets what stands before an offset.
func (r *recentIDs) drop(before int64) {
	for r.first < r.next && r.at(r.first).offset < before {
		r.first++
	}
}

// has looks for an ID in the list of its hash.
func (r *recentIDs) has(id atlas.EventID, hash uint64) bool {
	list := *r.list(hash)
	if list&filterBit(hash) == 0 {
		return false
	}
	for link := list.last(); link > r.first; {
		record := r.at(link - 1)
		if record.id == id {
			return true
		}
		link = record.previous
	}
	return false
}

// put adds a record to the list of its hash, of which nothing is left if its last one is too old.
func (r *recentIDs) put(record recentID, hash uint64) {
	list := r.list(hash)
	if list.last() <= r.first {
		*list = 0
	}
	record.previous = list.last()
	*r.at(r.next) = record
	r.next++
	*list = *list>>numberBits<<numberBits | filterBit(hash) | idList(r.next)
}

func (r *recentIDs) grow() {
	old := *r
	r.heads, r.records, r.next = make([]idList, 2*len(old.heads)), make([]recentID, 2*len(old.records)), old.first
	for number := old.first; number < old.next; number++ {
		record := *old.at(number)
		r.put(record, r.hash(record.id))
	}
}

func (r *recentIDs) at(number int64) *recentID { return &r.records[number&int64(len(r.records)-1)] }

func (r *recentIDs) hash(id atlas.EventID) uint64 { return maphash.Bytes(r.seed, id[:]) }

func (r *recentIDs) list(hash uint64) *idList { return &r.heads[hash&uint64(len(r.heads)-1)] }
