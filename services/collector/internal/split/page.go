package split

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// page cuts the values of a page of an API: an object with an array in it, and other members around the array.
type page struct {
	array
	around nesting // of the text after the array
}

func (p *page) cut(s *Splitter) (finished bool) {
	if p.cutElements(s) {
		return true
	}
	return p.closed && p.end(s)
}

// end consumes the text up to the brace that closes the page, as far as the window has it.
func (p *page) end(s *Splitter) (finished bool) {
	rest := s.window.rest()
	n, err := p.around.until(rest, '}', '}')
	switch {
	case err != nil:
		return s.breakOff(p.element, fmt.Errorf("the page is broken: %w; nothing was read from there on", err))
	case n < len(rest):
		s.window.consume(n + 1)
		s.cutter = &betweenArrays{element: p.element}
		return false
	}
	s.window.consume(n)
	if s.window.complete() {
		return s.breakOff(p.element, errors.New("the page ends before its closing brace; nothing was read from there on"))
	}
	return false
}

// recognition is what the beginning of a body tells of its format.
type recognition int

const (
	isOther recognition = iota
	isArray
	isUnknown // more of the body must be seen
)

var liberally = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// pageArray tells whether text begins with an object that has an array under one of the names, and where the first element of that begins.
func pageArray(text []byte, names []string) (begin int, found recognition) {
	if len(names) == 0 || text[0] != '{' {
		return 0, isOther
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(text), liberally...)
	if _, err := decoder.ReadToken(); err != nil {
		return 0, recognitionOf(err)
	}
	for {
		name, err := decoder.ReadToken()
		if err != nil {
			return 0, recognitionOf(err)
		}
		if name.Kind() == '}' {
			return 0, isOther
		}
		if slices.Contains(names, name.String()) && decoder.PeekKind() == '[' {
			_, err = decoder.ReadToken()
			return int(decoder.InputOffset()), recognitionOf(err)
		}
		if err := decoder.SkipValue(); err != nil {
			return 0, recognitionOf(err)
		}
	}
}

// recognitionOf returns what an error of the JSON decoder tells of the format.
func recognitionOf(err error) recognition {
	switch {
	case err == nil:
		return isArray
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return isUnknown
	}
	return isOther
}
