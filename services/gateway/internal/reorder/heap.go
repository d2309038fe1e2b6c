package reorder

import "atlasstream/pkg/atlas"

// heap has the first entry on top and four below each, as it may be too large for the processor's cache: so half as many are looked at as with two.
type heap []entry

const belowEach = 4

func (h *heap) add(next entry) {
	entries := append(*h, next)
	at := len(entries) - 1
	for at > 0 {
		above := (at - 1) / belowEach
		if !next.isBefore(entries[above].Key) {
			break
		}
		entries[at] = entries[above]
		at = above
	}
	entries[at] = next
	*h = entries
}

// remove takes the first entry away. The last one takes its place.
func (h *heap) remove() {
	end := len(*h) - 1
	last := (*h)[end]
	*h = (*h)[:end]
	if end > 0 {
		h.replaceFirst(last)
	}
}

// replaceFirst puts an entry in the place of the first one, from where it sinks to where it belongs.
func (h heap) replaceFirst(sinking entry) {
	at := 0
	for {
		below := h.firstBelow(at)
		if below < 0 || !h[below].isBefore(sinking.Key) {
			break
		}
		h[at] = h[below]
		at = below
	}
	h[at] = sinking
}

// firstBelow gives which of those below comes first, or -1 if there are none.
func (h heap) firstBelow(at int) int {
	least := belowEach*at + 1
	if least >= len(h) {
		return -1
	}
	for other := least + 1; other < min(belowEach*(at+1)+1, len(h)); other++ {
		if h[other].isBefore(h[least].Key) {
			least = other
		}
	}
	return least
}

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
