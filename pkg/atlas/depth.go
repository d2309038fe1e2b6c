package atlas

import (
	"bytes"
	"fmt"
)

// MaxDepth is how deep the objects and arrays of a record may nest, the record itself included. Real results nest ten deep (traceroutes). Recursive parsers
// fail not far above: Python's at 1,000 calls, of which one value takes several.
const MaxDepth = 100

// CheckDepth refuses JSON text in which more than MaxDepth objects and arrays are open at once. It does not check whether the text is valid.
func CheckDepth(raw []byte) error {
	if bytes.Count(raw, []byte("{"))+bytes.Count(raw, []byte("[")) <= MaxDepth { // true for nearly all, and fast
		return nil
	}
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			i += stringLength(raw[i+1:])
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth > MaxDepth {
			return fmt.Errorf("objects and arrays nest deeper than %d, the limit, at byte %d", MaxDepth, i)
		}
	}
	return nil
}

// stringLength is the length of the rest of a string, with the closing quotation mark.
func stringLength(rest []byte) int {
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(rest)
}
