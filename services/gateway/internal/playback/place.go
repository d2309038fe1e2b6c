package playback

import (
	"cmp"

	"atlasstream/pkg/atlas"
)

// place is where a record stands in the order of one topic: by event time, records of the same time by offset.
type place struct {
	time   int64 // Unix milliseconds
	offset int64
}

func placeOf(record *atlas.Record) place {
	return place{time: record.Time.UnixMilli(), offset: record.Position.Offset}
}

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.time, other.time), cmp.Compare(p.offset, other.offset))
}

// isBefore is compare for where only that counts, and fast.
func (p place) isBefore(other place) bool {
	return p.time < other.time || p.time == other.time && p.offset < other.offset
}
