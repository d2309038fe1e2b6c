package split

import "fmt"

// BatchValues is how many values a batch may have. Otherwise, the overhead of tiny values would fill the log's memory, and the limit of rejected records is
// checked after each batch.
const BatchValues = 4096

// Value is one value of a body.
type Value struct {
	Line int    // the line on which it begins, or the number of the element in the array; from 1
	Raw  []byte // without surrounding white space
	Err  error  // why it could not be read; Raw is nil then
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

// breakOff refuses the rest of the body, as it is unknown where the next value begins.
func (s *Splitter) breakOff(element int, why error) (finished bool) {
	s.refuse(element, why)
	s.broken = true
	return true
}
