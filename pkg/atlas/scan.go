package atlas

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// scanner checks JSON text: RFC 8259, in UTF-8, no deeper than MaxDepth. It is several times as fast as a parser.
type scanner struct {
	text  []byte
	depth int
	open  [MaxDepth + 1]uint8 // by depth, inObject or inArray
}

// object scans the object that begins at an offset, and returns the offset after it.
func (s *scanner) object(at int) (end int, err error) {
	at, state, err := s.enter(at, inObject)
	for err == nil && s.depth > 0 {
		at, state = scanTransitions[s.open[s.depth]].read(s.text, at, state)
		at, state, err = s.step(at, state)
	}
	return at, err
}

// step handles a byte that the transitions do not cover, and returns the next offset and state.
func (s *scanner) step(at int, from scanState) (next int, to scanState, err error) {
	if at == len(s.text) {
		return at, stopped, errors.New("not valid JSON: unexpected end")
	}
	switch from {
	case atValue:
		return s.value(at)
	case inName, inText:
		next, err = s.character(at)
		return next, from, err
	case afterValue:
		return s.leave(at)
	case inInteger, afterZero, inDecimals:
		if s.text[at]|0x20 == 'e' {
			return s.exponent(at + 1)
		}
		return s.leave(at)
	}
	return at, stopped, s.invalid(at)
}

// value scans a word, a negative number, or the opening bracket of an object or array.
func (s *scanner) value(at int) (next int, to scanState, err error) {
	switch s.text[at] {
	case '{':
		return s.enter(at, inObject)
	case '[':
		return s.enter(at, inArray)
	case '-':
		return s.negative(at + 1)
	}
	for _, word := range []string{"true", "false", "null"} {
		if end := at + len(word); end <= len(s.text) && string(s.text[at:end]) == word {
			return end, afterValue, nil
		}
	}
	return at, stopped, s.invalid(at)
}

// enter begins an object or array at its opening bracket.
func (s *scanner) enter(at int, kind uint8) (next int, to scanState, err error) {
	if s.depth == MaxDepth {
		return at, stopped, fmt.Errorf("objects and arrays nest deeper than %d, the limit, at byte %d", MaxDepth, at)
	}
	s.depth++
	s.open[s.depth] = kind
	to = [...]scanState{inObject: atName, inArray: atValue}[kind]
	next = s.skipSpace(at + 1)
	if next < len(s.text) && s.text[next] == closing[kind] {
		return s.leave(next)
	}
	return next, to, nil
}

var closing = [...]byte{inObject: '}', inArray: ']'}

// leave ends an object or array at its closing bracket, and those around it that end there too. If another object follows in an array, it enters that, which
// saves a call for a byte or two.
func (s *scanner) leave(at int) (next int, to scanState, err error) {
	if s.text[at] != closing[s.open[s.depth]] {
		return at, stopped, s.invalid(at)
	}
	for s.depth > 0 && at < len(s.text) && s.text[at] == closing[s.open[s.depth]] {
		s.depth--
		at++
	}
	if s.open[s.depth] == inArray && bytes.HasPrefix(s.text[at:], []byte(",{")) {
		return s.enter(at+1, inObject)
	}
	return at, afterValue, nil
}

func (s *scanner) skipSpace(at int) int {
	for at < len(s.text) {
		switch s.text[at] {
		case ' ', '\t', '\r', '\n':
			at++
		default:
			return at
		}
	}
	return at
}

// negative scans the first digit after a sign.
func (s *scanner) negative(at int) (next int, to scanState, err error) {
	if at == len(s.text) || !isDigit(s.text[at]) {
		return at, stopped, s.invalid(at)
	}
	if s.text[at] == '0' {
		return at + 1, afterZero, nil
	}
	return at + 1, inInteger, nil
}

// exponent scans the digits after the e.
func (s *scanner) exponent(at int) (next int, to scanState, err error) {
	if at < len(s.text) && (s.text[at] == '+' || s.text[at] == '-') {
		at++
	}
	end := at
	for end < len(s.text) && isDigit(s.text[end]) {
		end++
	}
	if end == at {
		return at, stopped, s.invalid(at)
	}
	return end, afterValue, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// character scans an escape, or a character beyond ASCII.
func (s *scanner) character(at int) (next int, err error) {
	rest := s.text[at:]
	if rest[0] >= utf8.RuneSelf {
		if _, size := utf8.DecodeRune(rest); size > 1 {
			return at + size, nil
		}
		return at, fmt.Errorf("not valid UTF-8 at byte %d", at)
	}
	if rest[0] == '\\' && len(rest) > 1 {
		switch rest[1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			return at + 2, nil
		case 'u':
			return s.hexadecimal(at + 2)
		}
	}
	return at, s.invalid(at)
}

func (s *scanner) hexadecimal(at int) (next int, err error) {
	for end := at + 4; at < end; at++ {
		if at == len(s.text) || !isDigit(s.text[at]) && (s.text[at]|0x20 < 'a' || 'f' < s.text[at]|0x20) {
			return at, s.invalid(at)
		}
	}
	return at, nil
}

func (*scanner) invalid(at int) error { return fmt.Errorf("not valid JSON at byte %d", at) }
