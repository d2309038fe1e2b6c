package split

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// searchFactor bounds, in times of the limit of a value, how much is searched for the ends of objects that turn out to have none.
const searchFactor = 4

// view is the text from the beginning of a line on, as far as an object on it may reach.
type view struct {
	text []byte
	last bool // the text ends with the body
	full bool // it is as long as an object may be, and the body goes on
}

// lineEnd gives the index behind the line that text[from] stands on. It is not known if that line has not come wholly.
func (v view) lineEnd(from int) (end int, known bool) {
	if n := bytes.IndexByte(v.text[from:], '\n'); n >= 0 {
		return from + n + 1, true
	}
	return len(v.text), v.last || v.full
}

// spread finds the ends of objects that go over several lines.
type spread struct {
	budget int // bytes that may still be searched in vain; bounds the work that a hostile body makes
}

// length gives the length of the lines that hold the object that begins on the first of them; 0 if it is broken or too long. It is not known if that
// takes more of the body.
func (s *spread) length(v view) (length int, known bool) {
	if s.budget <= 0 {
		return 0, true
	}
	begin := bytes.IndexByte(v.text, '{')
	size, err := new(nesting).object(v.text[begin:])
	if size == 0 && err == nil && !v.last && !v.full {
		return 0, false
	}
	if size > 0 {
		end, known := v.lineEnd(begin + size)
		if !known {
			return 0, false
		}
		if blank(v.text[begin+size:end]) && valid(v.text[begin:begin+size]) {
			return end, true
		}
	}
	s.budget -= len(v.text)
	return 0, true
}

func blank(text []byte) bool { return len(bytes.Trim(text, space)) == 0 }

// valid tells whether an object is JSON, as liberally as package atlas takes it.
func valid(object []byte) bool {
	return jsontext.Value(object).IsValid(liberally...)
}
