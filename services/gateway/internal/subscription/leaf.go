package subscription

import (
	"bytes"
	"strconv"
)

// leaf is a value without members as conditions see it: a number, which a string may have for its text, or else its text. The text of a string is what
// stands between its quotes; that of true, false and null is how JSON writes them.
type leaf struct {
	text    []byte
	number  float64 // the nearest to it
	numeric bool
	exact   bool // the float tells it from all other numbers that have no more digits
}

func newLeaf(text []byte) leaf {
	if number, is := readShort(text); is {
		return leaf{text: text, number: number, numeric: true, exact: true}
	}
	number, numeric := readLong(text)
	if !numeric {
		return leaf{text: text}
	}
	return leaf{text: text, number: number, numeric: true, exact: isExact(number, text)}
}

// isFloat tells that the float stands for the value. Any other is equal to those of the same comparedText.
func (l *leaf) isFloat() bool { return l.numeric && l.exact }

// comparedText is the same for all numbers that are equal.
func (l *leaf) comparedText() []byte {
	if l.numeric {
		return normalise(l.text)
	}
	return l.text
}

// readNumber reads a decimal number as JSON writes it; leading zeros are no harm.
func readNumber(text []byte) (number float64, is bool) {
	if number, is = readShort(text); is {
		return number, true
	}
	return readLong(text)
}

func readLong(text []byte) (number float64, is bool) {
	if !isNumber(text) {
		return 0, false
	}
	number, err := strconv.ParseFloat(string(text), 64)
	return number + 0, err == nil // -0 is 0
}

// powers are those of ten, which are exact.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14}

// readShort reads a number of at most fifteen digits, as most are, unless it has an exponent. Its digits are a whole number that is exact: divided by a
// power of ten, it gives the float nearest to the number.
func readShort(text []byte) (number float64, is bool) {
	if len(text) == 0 || len(text) > len(powers) {
		return 0, false
	}
	rest := text
	if text[0] == '-' {
		rest = text[1:]
	}
	var all int64
	point := len(rest)
	for i, c := range rest {
		switch {
		case c-'0' < 10:
			all = all*10 + int64(c-'0')
		case c == '.' && point == len(rest):
			point = i
		default:
			return 0, false
		}
	}
	decimals := len(rest) - 1 - point
	if point == 0 || decimals == 0 {
		return 0, false
	}
	if len(rest) < len(text) {
		all = -all
	}
	return float64(all) / powers[max(decimals, 0)], true
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
