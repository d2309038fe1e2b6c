package subscription

import "github.com/tidwall/gjson"

// Records are JSON that was checked when it came in, so they are scanned and not checked again. Of what is no JSON, any part may be found or missed,
// but every scan goes on and ends inside the value. Places are handed on and not kept in memory, which would take twice as long.

// member is a member of an object, by where it stands in a value.
type member struct {
	name             []byte // without quotes and escapes
	from, value, end int    // where the name's opening quote stands, where the member's value begins, and where it ends
}

// bytes between values, and those that end a container.
const (
	between = 1
	closing = 2
)

var betweens = [256]int8{',': between, ' ': between, '\t': between, '\n': between, '\r': between, ']': closing, '}': closing}

// nextElement gives where the next value of the container begins in which a place is; without one, where the container ends.
func nextElement(value []byte, at int) (begin int, found bool) {
	for ; at < len(value); at++ {
		switch betweens[value[at]] {
		case 0:
			return at, true
		case closing:
			return at + 1, false
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
	for begin = end + 1; begin < len(value); begin++ {
		if value[begin] > ' ' && value[begin] != ':' {
			return name, begin
		}
	}
	return name, len(value)
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
	for at++; at < len(value) && betweens[value[at]] == 0; at++ {
	}
	return at
}

// textEnd gives where the closing quote of a string stands whose text begins at a place, and whether there are escapes before it.
func textEnd(value []byte, from int) (end int, escaped bool) {
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
