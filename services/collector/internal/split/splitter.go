package split

import (
	"errors"
	"io"
)

// Limits bounds the memory of a Splitter.
type Limits struct {
	Value int // bytes of one value; a longer one gets an Err
	Batch int // bytes read at a time; their complete values are a batch

	Grow func(bytes int64) error // asked before the buffer takes more memory; its error ends the body. May be nil

	Arrays  int      // how many may follow one another; 0 for any number
	Members []string // names of the array in a page; without them, an object may have an array for each probe instead
}

// Splitter cuts one body.
type Splitter struct {
	window  window
	limit   int
	members []string
	cutter  cutter // nil until the format is known
	arrays  int    // how many have begun
	line    int
	values  []Value
	broken  bool
	err     error

	maxArrays int
}

// cutter cuts the values in the window and consumes them, until the batch is full. It returns true when it needs no more of the body.
type cutter interface {
	cut(s *Splitter) (finished bool)
}

// New returns a Splitter of body. Its buffer grows to Limits.Batch, or a little over Limits.Value if that is greater.
func New(body io.Reader, limits Limits) *Splitter {
	window := window{body: body, size: max(limits.Batch, limits.Value+minFreeBytes), grow: limits.Grow}
	return &Splitter{window: window, limit: limits.Value, maxArrays: limits.Arrays, members: limits.Members, line: 1}
}

// Next returns the next values, in a slice that the next call overwrites, or the error that ended the body: io.EOF, or that of its reader. It waits until a
// batch is complete or the body has ended. Values that were complete before a reader's error are returned first; an incomplete one is not.
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
		next = &lines{multiline: multiline{budget: searchFactor * s.limit}}
	}
	s.cutter = next
	return known
}
