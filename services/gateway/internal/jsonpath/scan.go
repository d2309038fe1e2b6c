package jsonpath

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"github.com/tidwall/gjson"
)

// maxNesting is how deep containers may be nested below the top; deeper ones are not searched.
const maxNesting = 32

// NestsTooDeep reports whether a text has containers nested deeper than paths reach, before anything else reads it, which might take much memory.
func NestsTooDeep(text []byte) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch kind := kinds[text[i]]; kind {
		case quote:
			i, _ = textEnd(text, i+1)
		default:
			depth += int(kind)
		}
		if depth > maxNesting {
			return true
		}
	}
	return false
}

// member is a member of an object. Its numbers are offsets in the value.
type member struct {
	name          []byte // without quotes and escapes
	from, at, end int    // the opening quote of the name; the first byte of the member's value; the byte after it
}

// membersOf gives the members of the object at an offset; other values have none.
func membersOf(value []byte, at int) (members []member) {
	at, found := nextElement(value, at)
	if !found || value[at] != '{' {
		return nil
	}
	from, found := nextElement(value, at+1)
	for found {
		name, begin := readName(value, from)
		end := skip(value, begin)
		members = append(members, member{name, from, begin, end})
		from, found = nextElement(value, end)
	}
	return members
}

// nextElement gives the offset of the next value in the container that an offset is inside; if there is none, the offset after the container.
func nextElement(value []byte, at int) (begin int, found bool) {
	for ; at < len(value); at++ {
		switch c := value[at]; {
		case c == '"':
			return at, true
		case c <= ',': // white space, too
		case c == '}' || c == ']':
			return at + 1, false
		default:
			return at, true
		}
	}
	return at, false
}

// readName gives the name of the member at an offset, and the offset of the member's value: the length of all if there is none.
func readName(value []byte, from int) (name []byte, begin int) {
	end, escaped := textEnd(value, from+1)
	name = value[from+1 : end]
	if escaped {
		name = unescape(value[from:min(end+1, len(value))])
	}
	return name, afterName(value, end+1)
}

// afterName gives the offset of the value of the member whose name ends at an offset: the length of all if there is none.
func afterName(value []byte, end int) (begin int) {
	for begin = end; begin < len(value); begin++ {
		if value[begin] > ' ' && value[begin] != ':' {
			return begin
		}
	}
	return len(value)
}

// skip gives the end of the value at an offset.
func skip(value []byte, at int) (end int) {
	if at == len(value) {
		return at
	}
	switch value[at] {
	case '"':
		return stringEnd(value, at)
	case '{', '[':
		return containerEnd(value, at)
	default:
		return wordEnd(value, at)
	}
}

func isContainer(value []byte, at int) bool {
	return at < len(value) && (value[at] == '{' || value[at] == '[')
}

// scalarAt gives the text of the scalar at an offset: what is between the quotes of a string, without escapes, and how any other scalar is written.
func scalarAt(value []byte, at int) string {
	if value[at] != '"' {
		return textOf(value[at:wordEnd(value, at)])
	}
	last, escaped := textEnd(value, at+1)
	if escaped {
		return textOf(unescape(value[at:min(last+1, len(value))]))
	}
	return textOf(value[at+1 : last])
}

// textOf is a text without a copy of its bytes, which an allocation for each scalar would cost: it is valid as long as the bytes do not change.
func textOf(text []byte) string {
	return unsafe.String(unsafe.SliceData(text), len(text)) //nolint:gosec // see above
}

func stringEnd(value []byte, at int) int {
	end, _ := textEnd(value, at+1)
	return min(end+1, len(value))
}

// kinds tell what a byte means for the depth of containers.
var kinds = [256]int8{'"': quote, '{': 1, '[': 1, '}': -1, ']': -1}

const quote = 2

func containerEnd(value []byte, at int) int {
	depth := 0
	for i := at; i < len(value); i++ {
		kind := kinds[value[i]]
		if kind == 0 {
			continue
		}
		if kind == quote {
			i, _ = textEnd(value, i+1)
			continue
		}
		depth += int(kind)
		if depth == 0 {
			return i + 1
		}
	}
	return len(value)
}

// wordEnd is for numbers, true, false and null.
func wordEnd(value []byte, at int) int {
	for at++; at < len(value) && !endsWord[value[at]]; at++ {
	}
	return at
}

var endsWord = [256]bool{',': true, ' ': true, '\t': true, '\n': true, '\r': true, ']': true, '}': true}

// textEnd gives the offset of the closing quote of a string whose text begins at an offset, and whether there are escapes before it. Most texts are short:
// eight bytes at a time find the end in one or two steps.
func textEnd(value []byte, from int) (end int, escaped bool) {
	for ; from+8 <= len(value); from += 8 {
		eight := binary.LittleEndian.Uint64(value[from:])
		if found := zeros(eight^quotes) | zeros(eight^backslashes); found != 0 {
			if from += bits.TrailingZeros64(found) / 8; value[from] == '"' {
				return from, false
			}
			break
		}
	}
	return slowTextEnd(value, from)
}

const (
	ones        = 0x0101010101010101
	quotes      = '"' * ones
	backslashes = '\\' * ones
)

// zeros has the highest bit of the first byte that is zero set; bits after it may mean nothing.
func zeros(eight uint64) uint64 { return (eight - ones) & ^eight & (0x80 * ones) }

// slowTextEnd is textEnd byte by byte.
func slowTextEnd(value []byte, from int) (end int, escaped bool) {
	for i := from; i < len(value); i++ {
		switch value[i] {
		case '"':
			return i, escaped
		case '\\':
			escaped = true
			i++
		}
	}
	return len(value), escaped
}

func unescape(quoted []byte) []byte { return []byte(gjson.ParseBytes(quoted).String()) }
