package reorder

import "atlasstream/pkg/atlas"

// Key orders the records of one topic: by event time, records of the same time by offset.
type Key struct {
	Time   int64 // Unix milliseconds
	Offset int64
}

// KeyOf gives the key of a record.
func KeyOf(record *atlas.Record) Key {
	return Key{Time: record.Time.UnixMilli(), Offset: record.Position.Offset}
}

func (k Key) isBefore(other Key) bool {
	return k.Time < other.Time || k.Time == other.Time && k.Offset < other.Offset
}
