package playback

import "atlasstream/pkg/atlas"

// logOrder holds records in the order of their offsets, from which they are taken in any order.
type logOrder struct {
	lowestHeld, highestHeld *heldRecord
	unused                  *heldRecord // linked by above
}

// heldRecord is one of the records, or unused.
type heldRecord struct {
	record       *atlas.Record
	below, above *heldRecord // by offset
}

// add takes a record whose offset is above all others'.
func (l *logOrder) add(record *atlas.Record) *heldRecord {
	held := l.unused
	if held == nil {
		held = &heldRecord{}
	} else {
		l.unused = held.above
	}
	*held = heldRecord{record: record, below: l.highestHeld}
	if held.below == nil {
		l.lowestHeld = held
	} else {
		held.below.above = held
	}
	l.highestHeld = held
	return held
}

func (l *logOrder) remove(held *heldRecord) *atlas.Record {
	record := held.record
	if held.below == nil {
		l.lowestHeld = held.above
	} else {
		held.below.above = held.above
	}
	if held.above == nil {
		l.highestHeld = held.below
	} else {
		held.above.below = held.below
	}
	*held = heldRecord{above: l.unused}
	l.unused = held
	return record
}

// lowest gives the least offset, or another if there is none.
func (l *logOrder) lowest(otherwise int64) int64 {
	if l.lowestHeld == nil {
		return otherwise
	}
	return l.lowestHeld.record.Position.Offset
}
