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

// byPlace is a heap with the first turn on top. It is that of container/heap, without a call through an interface for every comparison.
type byPlace []turn

func (h *byPlace) add(next turn) {
	turns := append(*h, next)
	at := len(turns) - 1
	for at > 0 {
		above := (at - 1) / 2
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
	if end == 0 {
		return
	}
	at := 0
	for {
		below := 2*at + 1
		if below >= end {
			break
		}
		if below+1 < end && turns[below+1].isBefore(turns[below].place) {
			below++
		}
		if !turns[below].isBefore(sinking.place) {
			break
		}
		turns[at] = turns[below]
		at = below
	}
	turns[at] = sinking
}
