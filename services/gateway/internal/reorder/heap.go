package reorder

// queue gives entries in the order in which they were added.
type queue struct {
	entries []entry
	gone    int // of them
}

func (q *queue) isEmpty() bool { return q.gone == len(q.entries) }
func (q *queue) first() entry  { return q.entries[q.gone] }
func (q *queue) last() entry   { return q.entries[len(q.entries)-1] }

// add makes room where entries have gone, if that is most of it.
func (q *queue) add(next entry) {
	if len(q.entries) == cap(q.entries) && q.gone > len(q.entries)/2 {
		q.entries = q.entries[:copy(q.entries, q.entries[q.gone:])]
		q.gone = 0
	}
	q.entries = append(q.entries, next)
}

func (q *queue) remove() {
	if q.gone++; q.gone == len(q.entries) {
		q.entries, q.gone = q.entries[:0], 0
	}
}

// heap has the first entry on top and four below each, as it is too large for the processor's cache: so half as many are looked at as with two.
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

// remove takes the first entry away. The last one takes its place, and sinks to where it belongs.
func (h *heap) remove() {
	end := len(*h) - 1
	entries, sinking := (*h)[:end], (*h)[end]
	*h = entries
	at := 0
	for {
		below := entries.firstBelow(at)
		if below < 0 || !entries[below].isBefore(sinking.Key) {
			break
		}
		entries[at] = entries[below]
		at = below
	}
	if end > 0 {
		entries[at] = sinking
	}
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
