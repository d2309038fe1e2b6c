package split

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
)

// byProbe cuts the elements of an object that has an array for each probe, by its ID: {"6001": […], "6002": […]}. This is how
// RIPE's API gave the latest results of a measurement (/api/v2/measurements/ID/latest/).
type byProbe struct{ array }

func (p *byProbe) cut(s *Splitter) (finished bool) {
	for {
		if p.cutElements(s) {
			return true
		}
		if !p.closed {
			return false
		}
		rest := s.window.rest()
		n, found, err := p.next(rest)
		switch {
		case err != nil:
			return s.breakOff(p.element, fmt.Errorf("the object of arrays by probe is broken: %w; nothing was read from there on", err))
		case found == isUnknown && s.window.mayGrow():
			return false
		case found == isUnknown:
			return s.breakOff(p.element, errors.New("the object of arrays by probe ends before its closing brace; nothing was read from there on"))
		}
		s.window.consume(n)
		if found == isOther { // it is closed
			s.cutter = &betweenArrays{element: p.element}
			return false
		}
		p.array = array{first: p.element, element: p.element}
	}
}

// next returns the length of the text between two arrays, or of that after the last one with isOther.
func (p *byProbe) next(text []byte) (length int, found recognition, err error) {
	begin := len(text) - len(bytes.TrimLeft(text, space))
	if begin == len(text) {
		return 0, isUnknown, nil
	}
	switch text[begin] {
	case '}':
		return begin + 1, isOther, nil
	case ',':
		length, found = probeKey(text, begin+1)
		if found == isOther {
			err = errors.New("no array of a probe follows the comma")
		}
		return length, found, err
	}
	return 0, isOther, fmt.Errorf("got %q, want a comma or a closing brace", text[begin])
}

// probeArray tells whether text begins with an object of arrays by probe, and where the first element of the first one begins.
func probeArray(text []byte) (begin int, found recognition) {
	if text[0] != '{' {
		return 0, isOther
	}
	return probeKey(text, 1)
}

// A key of an array by probe with the bracket that opens it, and what may become one.
var (
	probeKeyWhole     = regexp.MustCompile(`^[ \t\r\n]*"[0-9]{1,16}"[ \t\r\n]*:[ \t\r\n]*\[`)
	probeKeyBeginning = regexp.MustCompile(`^[ \t\r\n]*(?:"[0-9]{0,16}(?:"[ \t\r\n]*(?::[ \t\r\n]*)?)?)?$`)
)

// probeKey tells whether an array by probe begins at text[from:], with its key, and where its first element begins.
func probeKey(text []byte, from int) (begin int, found recognition) {
	if key := probeKeyWhole.FindIndex(text[from:]); key != nil {
		return from + key[1], isArray
	}
	if probeKeyBeginning.Match(text[from:]) {
		return 0, isUnknown
	}
	return 0, isOther
}
