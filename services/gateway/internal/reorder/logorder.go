package reorder

import "atlasstream/pkg/atlas"

// logOrder holds records in the order of their offsets, from which they are taken in any order. It refers to them by number: so there is one piece of memory,
// and what puts them in order has no pointers, which the garbage collector would have to follow and to hear of whenever one moves.
type logOrder struct {
	held            []heldRecord // number 0 means none
	lowest, highest int32
	unused          int32 // the first of those that are linked by above
}

// heldRecord is one of the records, or unused.
type heldRecord struct {
	record       *atlas.Record
	below, above int32 // by offset
}

// add takes a record whose offset is above all others'.
func (l *logOrder) add(record *atlas.Record) (number int32) {
	number = l.take()
	l.held[number] = heldRecord{record: record, below: l.highest}
	if l.highest == 0 {
		l.lowest = number
	} else {
		l.held[l.highest].above = number
	}
	l.highest = number
	return number
}

// take gives a number that is not in use.
func (l *logOrder) take() (number int32) {
	if l.unused == 0 {
		if l.held == nil {
			l.held = make([]heldRecord, 1)
		}
		l.held = append(l.held, heldRecord{})
		return int32(len(l.held) - 1)
	}
	number = l.unused
	l.unused = l.held[number].above
	return number
}

func (l *logOrder) remove(number int32) *atlas.Record {
	gone := l.held[number]
	//mutate:window-loses-earlier-records
	if gone.below == 0 {
		l.lowest = gone.above
	} else {
		l.held[gone.below].above = gone.above
	}
	if gone.above == 0 {
		l.highest = gone.below
	} else {
		l.held[gone.above].below = gone.below
	}
	l.held[number] = heldRecord{above: l.unused}
	l.unused = number
	return gone.record
}

// leastOffset gives another if nothing is held.
func (l *logOrder) leastOffset(otherwise int64) int64 {
	if l.lowest == 0 {
		return otherwise
	}
	return l.held[l.lowest].record.Position.Offset
}
