package subscription

import (
	"bytes"
	"strconv"
)

// leaf is a value without members as conditions see it: a number, which a string may have for its text, or else its text. The text of a string is what
// stands between its quotes; that of true, false and null is how JSON writes them.
type leaf struct {
	text    []byte
	number  float64
	numeric bool
}

func newLeaf(text []byte) leaf {
	number, numeric := readNumber(text)
	return leaf{text: text, number: number, numeric: numeric}
}

// readNumber reads a decimal number as JSON writes it; leading zeros are no harm.
func readNumber(text []byte) (number float64, is bool) {
	if !isNumber(text) {
		return 0, false
	}
	number, err := strconv.ParseFloat(string(text), 64)
	return number + 0, err == nil // -0 is 0
}

// isNumber keeps from ParseFloat what it would refuse, for which it allocates, and what JSON does not know.
func isNumber(text []byte) bool {
	rest, is := digits(bytes.TrimPrefix(text, []byte("-")))
	if is && len(rest) > 0 && rest[0] == '.' {
		rest, is = digits(rest[1:])
	}
	if is && len(rest) > 1 && rest[0]|0x20 == 'e' {
		rest = rest[1:]
		if rest[0] == '+' || rest[0] == '-' {
			rest = rest[1:]
		}
		rest, is = digits(rest)
	}
	return is && len(rest) == 0
}

// digits gives what follows the digits in front, of which there must be one at least.
func digits(text []byte) (rest []byte, ok bool) {
	count := 0
	for count < len(text) && text[count]-'0' < 10 {
		count++
	}
	return text[count:], count > 0
}
