package replay

import (
	"cmp"

	"atlasstream/pkg/atlas"
)

// sortKey orders the records of one topic: by event time, records of the same time by offset.
type sortKey struct {
	time   int64 // Unix milliseconds
	offset int64
}

func keyOf(record *atlas.Record) sortKey {
	return sortKey{time: record.Time.UnixMilli(), offset: record.Position.Offset}
}

func (k sortKey) compare(other sortKey) int {
	return cmp.Or(cmp.Compare(k.time, other.time), cmp.Compare(k.offset, other.offset))
}

// isBefore is compare for where only that counts, and fast.
func (k sortKey) isBefore(other sortKey) bool {
	return k.time < other.time || k.time == other.time && k.offset < other.offset
}
