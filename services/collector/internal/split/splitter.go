package split

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	space         = " \t\r\n" // as JSON has it
	byteOrderMark = "\ufeff"
)

// BatchValues is how many values a batch may have. What tiny ones need beside their bytes would fill the log's memory otherwise, and the limit of rejected
// ones is looked at after each batch.
const BatchValues = 4096

var newline = []byte("\n")

// Value is one value of a body.
type Value struct {
	Line int    // the line that it begins on, or which element of the array it is; from 1
	Raw  []byte // without the white space around it
	Err  error  // why it could not be cut out; Raw is nil then
}

// Limits bounds what a Splitter holds of a body.
type Limits struct {
	Value int // bytes of one value; a longer one gets an Err
	Batch int // bytes read at a time, of which the complete values are a batch

	Grow func(bytes int64) error // asked before the buffer takes more memory; its error ends the body. May be nil

	Arrays  int      // that may follow one another; 0 for any number
	Members []string // names of the arrays that a page may hold its values in; without, an object may have an array for each probe instead
}

// Splitter cuts one body.
type Splitter struct {
	window  window
	limit   int
	members []string
	cutter  cutter // nil until the first byte that tells what the body is
	arrays  int    // that have begun
	line    int
	values  []Value
	broken  bool
	err     error

	maxArrays int
}

// cutter cuts the values that stand in the window and consumes them, until the batch is full. It returns true when it needs nothing more of the body.
type cutter interface {
	cut(s *Splitter) (finished bool)
}

// New returns a Splitter of body. Its buffer grows to Limits.Batch, or a little over Limits.Value if that is greater.
func New(body io.Reader, limits Limits) *Splitter {
	window := window{body: body, size: max(limits.Batch, limits.Value+minFreeBytes), grow: limits.Grow}
	return &Splitter{window: window, limit: limits.Value, maxArrays: limits.Arrays, members: limits.Members, line: 1}
}

// Next returns the next values, in a slice that the next call overwrites, or what ended the body: io.EOF, or the error of its reader. It waits until a
// batch is there or the body has ended. Values that were complete before a reader's error come first; what follows them is in none.
func (s *Splitter) Next() ([]Value, error) {
	uncut := s.full() // the window has values that the last batch had no room for
	s.values = s.values[:0]
	for len(s.values) == 0 && s.err == nil {
		if !uncut {
			s.window.slide()
		}
		uncut = false
		s.step()
	}
	if len(s.values) == 0 {
		return nil, s.err
	}
	return s.values, nil
}

// Broken tells, at the end, that part of the body could not be read: the last value's Err says from where on.
func (s *Splitter) Broken() bool { return s.broken }

// Empty tells, at the end, that there was nothing but white space.
func (s *Splitter) Empty() bool { return s.cutter == nil && errors.Is(s.err, io.EOF) }

func (s *Splitter) step() {
	finished := false
	for before := cutter(nil); s.recognise() && s.cutter != before && !finished; {
		before = s.cutter
		finished = s.cutter.cut(s)
	}
	switch {
	case finished:
		s.err = io.EOF
	case s.full():
	case s.window.err != nil:
		s.err = s.window.err
	}
}

// recognise finds out by its first bytes what the body is.
func (s *Splitter) recognise() bool {
	if s.cutter != nil {
		return true
	}
	s.skipSpace()
	rest := s.window.rest()
	if len(rest) == 0 {
		return false
	}
	next, known := s.begin(rest, 1)
	if known && next == nil {
		next = &lines{spread: spread{budget: searchFactor * s.limit}}
	}
	s.cutter = next
	return known
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

// full tells that the batch has as many values as it may; each takes memory, however short it is.
func (s *Splitter) full() bool { return len(s.values) >= BatchValues }

// emit adds a value, if it is not too long.
func (s *Splitter) emit(line int, raw []byte) {
	if len(raw) > s.limit {
		s.refuse(line, TooLong(s.limit))
		return
	}
	s.values = append(s.values, Value{Line: line, Raw: raw})
}

func (s *Splitter) refuse(line int, err error) {
	s.values = append(s.values, Value{Line: line, Err: err})
}

// TooLong is the reason against a value of more than limit bytes.
func TooLong(limit int) error {
	return fmt.Errorf("longer than %d bytes, the limit of one record", limit)
}
