package split

import (
	"bytes"
	"fmt"
)

// between looks behind the end of an array for the next one: files are put together, and pages follow one another.
type between struct{ element int }

func (b *between) cut(s *Splitter) (finished bool) {
	s.skipSpace()
	rest := s.window.rest()
	if len(rest) == 0 {
		return false
	}
	next, known := s.begin(rest, b.element)
	switch {
	case !known:
		return false
	case next == nil:
		return s.breakOff(b.element, fmt.Errorf("the array has ended, and yet %q follows, which begins no other: nothing was read from there on", rest[0]))
	case s.mostArrays > 0 && s.arrays > s.mostArrays:
		return s.breakOff(b.element, fmt.Errorf("more than %d arrays follow one another: nothing was read from there on", s.mostArrays))
	}
	s.cutter = next
	return false
}

// begin gives the cutter of the array that begins the text, and consumes what stands before its first element; nil if none begins there. It is not known
// if that takes more of the body.
func (s *Splitter) begin(text []byte, element int) (next cutter, known bool) {
	if s.window.mayGrow() && len(text) < len(byteOrderMark) && bytes.HasPrefix([]byte(byteOrderMark), text) {
		return nil, false
	}
	elements := array{first: element, element: element}
	begin, found := 1, isPage
	switch {
	case text[0] == '[':
		next = &elements
	case len(s.members) > 0:
		begin, found = pageArray(text, s.members)
		next = &page{array: elements}
	default:
		begin, found = probeArray(text)
		next = &byProbe{array: elements}
	}
	if found != isPage {
		return nil, found != notKnown || !s.window.mayGrow()
	}
	s.arrays++
	s.window.consume(begin)
	return next, true
}

// breakOff refuses what follows, of which nobody can say what it is.
func (s *Splitter) breakOff(element int, why error) (finished bool) {
	s.refuse(element, why)
	s.broken = true
	return true
}
