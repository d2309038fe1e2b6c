package split

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// page cuts the values of a list as an API gives it: an object with an array in it, and members around that.
type page struct {
	array
	around nesting // follows what stands behind the array
	ended  bool    // the object is closed
}

func (p *page) cut(s *Splitter) (finished bool) {
	for {
		if p.cutElements(s) {
			return true
		}
		if !p.closed || s.full() {
			return false
		}
		if p.end(s) {
			return true
		}
		if !p.ended {
			return false
		}
		begun, finished := p.next(s)
		if !begun {
			return finished
		}
	}
}

// end goes to behind the brace that closes the page, as far as the window has it.
func (p *page) end(s *Splitter) (finished bool) {
	if p.ended {
		return false
	}
	rest := s.window.rest()
	n, err := p.around.until(rest, '}', '}')
	p.ended = err == nil && n < len(rest)
	switch {
	case err != nil:
		return p.refuseRest(s, fmt.Sprintf("the page is broken: %v", err))
	case p.ended:
		s.window.consume(n + 1)
		return false
	}
	s.window.consume(n)
	return s.window.complete() && p.refuseRest(s, "the page ends before its closing brace")
}

// next begins a further page, if there is one.
func (p *page) next(s *Splitter) (begun, finished bool) {
	s.skipSpace(space)
	rest := s.window.rest()
	if len(rest) == 0 {
		return false, false
	}
	switch begin, found := pageArray(rest, s.members); {
	case found == isPage:
		s.window.consume(begin)
		*p = page{array: array{first: p.element, element: p.element}}
		return true, false
	case found == notKnown && s.window.mayGrow():
		return false, false
	}
	return false, p.refuseRest(s, fmt.Sprintf("the page has ended, and yet %q follows, which begins no other", rest[0]))
}

func (p *page) refuseRest(s *Splitter, why string) (finished bool) {
	s.refuse(p.element, fmt.Errorf("%s: nothing was read from there on", why))
	s.broken = true
	return true
}

// pageness is what can be said of the beginning of a body.
type pageness int

const (
	notPage pageness = iota
	isPage
	notKnown // more of the body must be seen
)

var liberally = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// pageArray tells whether text begins with an object that has an array under one of the names, and where the first element of that begins.
func pageArray(text []byte, names []string) (begin int, found pageness) {
	if len(names) == 0 || text[0] != '{' {
		return 0, notPage
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(text), liberally...)
	if _, err := decoder.ReadToken(); err != nil {
		return 0, judge(err)
	}
	for {
		name, err := decoder.ReadToken()
		if err != nil {
			return 0, judge(err)
		}
		if name.Kind() == '}' {
			return 0, notPage
		}
		if slices.Contains(names, name.String()) && decoder.PeekKind() == '[' {
			_, err = decoder.ReadToken()
			return int(decoder.InputOffset()), judge(err)
		}
		if err := decoder.SkipValue(); err != nil {
			return 0, judge(err)
		}
	}
}

// judge says what becomes of a page in which that came up.
func judge(err error) pageness {
	switch {
	case err == nil:
		return isPage
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return notKnown
	}
	return notPage
}
