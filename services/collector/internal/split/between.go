package split

import (
	"bytes"
	"fmt"
)

const (
	space         = " \t\r\n" // as JSON has it
	byteOrderMark = "\ufeff"
)

var newline = []byte("\n")

// betweenArrays looks for the next array after the end of one, as in concatenated files and pages.
type betweenArrays struct{ element int }

func (b *betweenArrays) cut(s *Splitter) (finished bool) {
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
		return s.breakOff(b.element, fmt.Errorf("the array has ended, and %q, which follows, does not begin another; nothing was read from there on", rest[0]))
	case s.maxArrays > 0 && s.arrays > s.maxArrays:
		return s.breakOff(b.element, fmt.Errorf("more than %d arrays follow one another; nothing was read from there on", s.maxArrays))
	}
	s.cutter = next
	return false
}

// begin returns the cutter of the array that begins the text, and consumes what is before its first element; nil if no array begins there. Known is false if
// that takes more of the body.
func (s *Splitter) begin(text []byte, element int) (next cutter, known bool) {
	if s.window.mayGrow() && len(text) < len(byteOrderMark) && bytes.HasPrefix([]byte(byteOrderMark), text) {
		return nil, false
	}
	elements := array{first: element, element: element}
	begin, found := 1, isArray
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
	if found != isArray {
		return nil, found != isUnknown || !s.window.mayGrow()
	}
	s.arrays++
	s.window.consume(begin)
	return next, true
}

// skipSpace passes white space and byte order marks.
func (s *Splitter) skipSpace() {
	rest := s.window.rest()
	for left := rest; ; {
		left = bytes.TrimPrefix(bytes.TrimLeft(left, space), []byte(byteOrderMark))
		if n := len(rest) - len(left); n > 0 {
			s.line += bytes.Count(rest[:n], newline)
			s.window.consume(n)
			rest = left
			continue
		}
		return
	}
}
