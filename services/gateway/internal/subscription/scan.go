package subscription

import (
	"encoding/binary"
	"math/bits"

	"github.com/tidwall/gjson"
)

// Records are JSON that was checked when it came in, so they are scanned and not checked again. Of what is no JSON, any part may be found or missed,
// but every scan goes on and ends inside the value.

// member is a member of an object, by where it stands in a value.
type member struct {
	name             []byte // without quotes and escapes
	from, value, end int    // where the name's opening quote stands, where the member's value begins, and where it ends
}

// nextElement gives where the next value of the container begins in which a place is; without one, where the container ends.
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

// readName gives the name of the member that begins at a place, and where the member's value begins: at the end of all, if there is none.
func readName(value []byte, from int) (name []byte, begin int) {
	end, escaped := textEnd(value, from+1)
	name = value[from+1 : end]
	if escaped {
		name = unescape(value[from:min(end+1, len(value))])
	}
	return name, behindName(value, end+1)
}

// behindName gives where the value of the member begins whose name ends at a place: at the end of all, if there is none.
func behindName(value []byte, end int) (begin int) {
	for begin = end; begin < len(value); begin++ {
		if value[begin] > ' ' && value[begin] != ':' {
			return begin
		}
	}
	return len(value)
}

// skip gives where the value ends that begins at a place.
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

func stringEnd(value []byte, at int) int {
	end, _ := textEnd(value, at+1)
	return min(end+1, len(value))
}

// marks tell what a byte means to containerEnd.
var marks = [256]int8{'"': quote, '{': 1, '[': 1, '}': -1, ']': -1}

const quote = 2

func containerEnd(value []byte, at int) int {
	depth := 0
	for i := at; i < len(value); i++ {
		mark := marks[value[i]]
		if mark == 0 {
			continue
		}
		if mark == quote {
			i, _ = textEnd(value, i+1)
			continue
		}
		depth += int(mark)
		if depth == 0 {
			return i + 1
		}
	}
	return len(value)
}

// wordEnd is for numbers, true, false and null.
func wordEnd(value []byte, at int) int {
	for at++; at < len(value) && !ends[value[at]]; at++ {
	}
	return at
}

// ends has the bytes that end a word.
var ends = [256]bool{',': true, ' ': true, '\t': true, '\n': true, '\r': true, ']': true, '}': true}

// textEnd gives where the closing quote of a string stands whose text begins at a place, and whether there are escapes before it. Most texts are short:
// eight bytes at a time find their ends in a step or two.
func textEnd(value []byte, from int) (end int, escaped bool) {
	for ; from+8 <= len(value); from += 8 {
		eight := binary.LittleEndian.Uint64(value[from:])
		if found := zeros(eight^quotes) | zeros(eight^backslashes); found != 0 {
			from += bits.TrailingZeros64(found) / 8
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

// zeros has the highest bit of the first byte that is zero; what is set behind that may mean nothing.
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

// unescape gives the text of a JSON string.
func unescape(quoted []byte) []byte { return []byte(gjson.ParseBytes(quoted).String()) }
