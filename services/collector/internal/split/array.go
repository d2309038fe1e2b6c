package split

import (
	"bytes"
	"errors"
	"fmt"
)

var errNoElement = errors.New("empty element: there is one comma too many")

// array cuts the elements of a JSON array at its commas.
type array struct {
	first   int // the number of its first element
	element int // the one at the window's beginning
	nesting nesting
	known   int  // bytes of the window through which nesting has gone
	tooLong bool // the window begins within an element that was refused
	closed  bool
}

func (a *array) cut(s *Splitter) (finished bool) {
	finished = a.cutElements(s)
	if a.closed {
		s.cutter = &betweenArrays{element: a.element}
	}
	return finished
}

// cutElements goes on until the array is closed, the batch is full or the window has no whole element.
func (a *array) cutElements(s *Splitter) (finished bool) {
	for !a.closed {
		if s.full() {
			return false
		}
		rest := s.window.rest()
		n, err := a.nesting.until(rest[a.known:], ',', ']')
		a.known += n
		switch {
		case err != nil:
			return a.giveUp(s, err.Error())
		case a.known < len(rest):
			a.end(s, rest)
		case s.window.complete():
			a.takeLast(s, rest)
			return a.giveUp(s, "the body ends inside the array")
		default:
			a.keepPart(s, rest)
			return false
		}
	}
	return false
}

// end cuts the element that ends before rest[a.known], which is a comma or the array's closing bracket.
func (a *array) end(s *Splitter, rest []byte) {
	raw := bytes.Trim(rest[:a.known], space)
	a.closed = rest[a.known] == ']'
	switch empty := len(raw) == 0; {
	case a.tooLong:
	case empty && a.closed && a.element == a.first:
		a.element-- // there is none
	case empty:
		s.refuse(a.element, errNoElement)
	default:
		s.emit(a.element, raw)
	}
	s.window.consume(a.known + 1)
	a.element, a.known, a.tooLong = a.element+1, 0, false
}

// takeLast takes a complete object at the end of a truncated body; of other values it is unknown whether they are complete.
func (a *array) takeLast(s *Splitter, rest []byte) {
	raw := bytes.Trim(rest, space)
	if a.tooLong || a.nesting.open() || !bytes.HasSuffix(raw, []byte("}")) {
		return
	}
	s.emit(a.element, raw)
	a.element++
}

// keepPart keeps the beginning of an element until the rest of it arrives, unless it is already too long.
func (a *array) keepPart(s *Splitter, rest []byte) {
	if !a.tooLong && a.known > s.limit {
		s.refuse(a.element, TooLong(s.limit))
		a.tooLong = true
	}
	if a.tooLong {
		s.window.consume(len(rest))
		a.known = 0
	}
}

// giveUp ends at an element after which it is unknown where the next one begins.
func (a *array) giveUp(s *Splitter, why string) (finished bool) {
	if a.tooLong { // that element was refused already
		a.element++
	}
	return s.breakOff(a.element, fmt.Errorf("the array is broken: %s; nothing was read from element %d on", why, a.element))
}
