package eventlog

import (
	"hash/maphash"

	"atlasstream/pkg/atlas"
)

// Dedup finds repeats in one partition: records with the event ID of one of the records before them, as far back as the horizon, which counts offsets.
// Readers that start at different offsets agree after a whole horizon, and those that read some measurements only agree with those that read all: records
// with the same ID have the same value, and so belong to the same measurement. It holds the IDs within the horizon, 40 to 80 bytes each.
type Dedup struct {
	horizon int64
	seed    maphash.Seed
	heads   []idList // by hash
	records []seenID // a ring: record number n is at n modulo its length, which is a power of two
	first   int64    // the number of the oldest record within the horizon
	next    int64    // the number of the next record
}

// seenID is an element of an idList. Numbers fall along a list, so every element behind one that is too old is too old.
type seenID struct {
	id       atlas.EventID
	offset   int64
	previous int64 // 1 + the number of the record before it with the same hash; 0 for none
}

// idList lists the records of one hash: its low bits are 1 + the number of the last of them, 0 for none, and those above are a Bloom filter of their
// hashes, so that most look-ups of new IDs read none of the records, which are rarely in the processor's cache.
type idList uint64

const (
	numberBits = 40
	filterBits = 64 - numberBits
)

func (l idList) last() int64 { return int64(l & (1<<numberBits - 1)) }

// filterBit uses bits of the hash that do not choose the list.
func filterBit(hash uint64) idList { return 1 << (numberBits + hash>>32%filterBits) }

// initialIDs is how many IDs there is room for at first.
const initialIDs = 64

// NewDedup returns a Dedup with a horizon of at least 1.
func NewDedup(horizon int) *Dedup {
	d := &Dedup{horizon: int64(horizon), seed: maphash.MakeSeed()}
	d.Reset()
	return d
}

// Reset forgets all records.
func (d *Dedup) Reset() {
	d.heads, d.records, d.first, d.next = make([]idList, initialIDs), make([]seenID, initialIDs), 0, 0
}

// Add adds the next record and reports whether it is a repeat. Offsets must rise from call to call, until Reset.
func (d *Dedup) Add(offset int64, id atlas.EventID) bool {
	//mutate:horizon-one-short
	d.drop(offset - d.horizon)
	hash := d.hash(id)
	repeat := d.has(id, hash)
	d.drop(offset - d.horizon + 1) // no later record looks so far back
	if d.next-d.first == int64(len(d.records)) {
		d.grow()
	}
	d.put(seenID{id: id, offset: offset}, hash)
	return repeat
}

// drop forgets the records before an offset.
func (d *Dedup) drop(before int64) {
	for d.first < d.next && d.at(d.first).offset < before {
		d.first++
	}
}

func (d *Dedup) has(id atlas.EventID, hash uint64) bool {
	list := *d.list(hash)
	if list&filterBit(hash) == 0 {
		return false
	}
	for link := list.last(); link > d.first; {
		record := d.at(link - 1)
		if record.id == id {
			return true
		}
		link = record.previous
	}
	return false
}

// put adds a record to the list of its hash, of which nothing is left if its last one is too old.
func (d *Dedup) put(record seenID, hash uint64) {
	list := d.list(hash)
	if list.last() <= d.first {
		*list = 0
	}
	record.previous = list.last()
	*d.at(d.next) = record
	d.next++
	*list = *list>>numberBits<<numberBits | filterBit(hash) | idList(d.next)
}

func (d *Dedup) grow() {
	old := *d
	d.heads, d.records, d.next = make([]idList, 2*len(old.heads)), make([]seenID, 2*len(old.records)), old.first
	for number := old.first; number < old.next; number++ {
		record := *old.at(number)
		d.put(record, d.hash(record.id))
	}
}

func (d *Dedup) at(number int64) *seenID { return &d.records[number&int64(len(d.records)-1)] }

func (d *Dedup) hash(id atlas.EventID) uint64 { return maphash.Bytes(d.seed, id[:]) }

func (d *Dedup) list(hash uint64) *idList { return &d.heads[hash&uint64(len(d.heads)-1)] }
