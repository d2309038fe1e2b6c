package split

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// searchFactor bounds how much is searched for the ends of objects that have none, in multiples of the limit of a value.
const searchFactor = 4

// view is the text from the beginning of a line on, up to the longest object.
type view struct {
	text []byte
	last bool // the text ends with the body
	full bool // it is as long as an object may be, and there is more of the body
}

// lineEnd returns the index after the line of text[from]. Known is false if that line is not complete yet.
func (v view) lineEnd(from int) (end int, known bool) {
	if n := bytes.IndexByte(v.text[from:], '\n'); n >= 0 {
		return from + n + 1, true
	}
	return len(v.text), v.last || v.full
}

// multiline finds the ends of objects over several lines.
type multiline struct {
	budget int // bytes that may still be searched without success, which bounds the work for a hostile body
}

// length returns the length of the lines of the object that begins on the first of them; 0 if it is broken or too long. Known is false if that takes more of
// the body.
func (s *multiline) length(v view) (length int, known bool) {
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

// valid tells whether an object is JSON, by the syntax that package atlas accepts.
func valid(object []byte) bool {
	return jsontext.Value(object).IsValid(liberally...)
}
