package playback

// queue gives turns in the order in which they were added.
type queue struct {
	turns []turn
	gone  int // of them
}

func (q *queue) isEmpty() bool { return q.gone == len(q.turns) }
func (q *queue) first() turn   { return q.turns[q.gone] }
func (q *queue) last() turn    { return q.turns[len(q.turns)-1] }

// add makes room where turns have gone, if that is most of it.
func (q *queue) add(next turn) {
	if len(q.turns) == cap(q.turns) && q.gone > len(q.turns)/2 {
		q.turns = q.turns[:copy(q.turns, q.turns[q.gone:])]
		q.gone = 0
	}
	q.turns = append(q.turns, next)
}

func (q *queue) remove() {
	if q.gone++; q.gone == len(q.turns) {
		q.turns, q.gone = q.turns[:0], 0
	}
}

// byPlace is a heap with the first turn on top and four below each, as it is too large to be near the processor: so half as many places are looked at as
// with two.
type byPlace []turn

const belowEach = 4

func (h *byPlace) add(next turn) {
	turns := append(*h, next)
	at := len(turns) - 1
	for at > 0 {
		above := (at - 1) / belowEach
		if !next.isBefore(turns[above].place) {
			break
		}
		turns[at] = turns[above]
		at = above
	}
	turns[at] = next
	*h = turns
}

// remove takes the first turn away. The last one takes its place, and sinks to where it belongs.
func (h *byPlace) remove() {
	end := len(*h) - 1
	turns, sinking := (*h)[:end], (*h)[end]
	*h = turns
	at := 0
	for {
		below := turns.firstBelow(at)
		if below < 0 || !turns[below].isBefore(sinking.place) {
			break
		}
		turns[at] = turns[below]
		at = below
	}
	if end > 0 {
		turns[at] = sinking
	}
}

// firstBelow gives which of those below comes first, or -1 if there are none.
func (h byPlace) firstBelow(at int) int {
	least := belowEach*at + 1
	if least >= len(h) {
		return -1
	}
	for other := least + 1; other < min(belowEach*(at+1)+1, len(h)); other++ {
		if h[other].isBefore(h[least].place) {
			least = other
		}
	}
	return least
}
