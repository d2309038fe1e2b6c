package atlas

import (
	"bytes"
	"fmt"
)

// MaxDepth is how deep a record's objects and arrays may nest, the record itself included. Real results nest ten deep (traceroutes). Parsers that recurse
// give up a little above: Python's at a depth of 1,000 calls, of which one value takes several.
const MaxDepth = 100

// CheckDepth refuses JSON text in which more than MaxDepth objects and arrays are open at once. Whether it is valid is not its business.
func CheckDepth(raw []byte) error {
	if bytes.Count(raw, []byte("{"))+bytes.Count(raw, []byte("[")) <= MaxDepth { // true of nearly all, and quickly found
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

// stringLength gives the length of the rest of a string, with the quotation mark that ends it.
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
