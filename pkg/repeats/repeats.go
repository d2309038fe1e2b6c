// Package repeats finds records of a partition that it has had before, for readers of the live topics and of history alike.
package repeats

import (
	"hash/maphash"

	"atlasstream/pkg/atlas"
)

// Finder finds repeats in one partition: records with the event ID of one of the records before them, as far back as the horizon, which counts offsets.
// Readers that start at different offsets agree after a whole horizon, and those that read some measurements only agree with those that read all: records
// with the same ID have the same value, and so belong to the same measurement. It holds the IDs within the horizon, 40 to 80 bytes each.
type Finder struct {
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

// New returns a Finder with a horizon of at least 1.
func New(horizon int) *Finder {
	f := &Finder{horizon: int64(horizon), seed: maphash.MakeSeed()}
	f.Reset()
	return f
}

// Reset forgets all records.
func (f *Finder) Reset() {
	f.heads, f.records, f.first, f.next = make([]idList, initialIDs), make([]seenID, initialIDs), 0, 0
}

// Add adds the next record and reports whether it is a repeat. Offsets must rise from call to call, until Reset.
func (f *Finder) Add(offset int64, id atlas.EventID) bool {
	//mutate:horizon-one-short
	f.drop(offset - f.horizon)
	hash := f.hash(id)
	repeat := f.has(id, hash)
	f.drop(offset - f.horizon + 1) // no later record looks so far back
	if f.next-f.first == int64(len(f.records)) {
		f.grow()
	}
	f.put(seenID{id: id, offset: offset}, hash)
	return repeat
}

// drop forgets the records before an offset.
func (f *Finder) drop(before int64) {
	for f.first < f.next && f.at(f.first).offset < before {
		f.first++
	}
}

func (f *Finder) has(id atlas.EventID, hash uint64) bool {
	list := *f.list(hash)
	if list&filterBit(hash) == 0 {
		return false
	}
	for link := list.last(); link > f.first; {
		record := f.at(link - 1)
		if record.id == id {
			return true
		}
		link = record.previous
	}
	return false
}

// put adds a record to the list of its hash, of which nothing is left if its last one is too old.
func (f *Finder) put(record seenID, hash uint64) {
	list := f.list(hash)
	if list.last() <= f.first {
		*list = 0
	}
	record.previous = list.last()
	*f.at(f.next) = record
	f.next++
	*list = *list>>numberBits<<numberBits | filterBit(hash) | idList(f.next)
}

func (f *Finder) grow() {
	old := *f
	f.heads, f.records, f.next = make([]idList, 2*len(old.heads)), make([]seenID, 2*len(old.records)), old.first
	for number := old.first; number < old.next; number++ {
		record := *old.at(number)
		f.put(record, f.hash(record.id))
	}
}

func (f *Finder) at(number int64) *seenID { return &f.records[number&int64(len(f.records)-1)] }

func (f *Finder) hash(id atlas.EventID) uint64 { return maphash.Bytes(f.seed, id[:]) }

func (f *Finder) list(hash uint64) *idList { return &f.heads[hash&uint64(len(f.heads)-1)] }
