package scalar

import (
	"strconv"
	"strings"
)

// Scalar is a value without members: a number, which a string may contain, or else a text.
type Scalar struct {
	text     string  // what is between the quotes of a string; of other values how JSON writes them
	number   float64 // the nearest to it
	isNumber bool
	isExact  bool // no other number with as few digits has the same float64
}

// New makes the scalar of a text.
func New(text string) Scalar {
	if number, ok := parseShort(text); ok {
		return Scalar{text: text, number: number, isNumber: true, isExact: true}
	}
	number, ok := ParseNumber(text)
	return Scalar{text: text, number: number, isNumber: ok, isExact: ok && isExact(number, text)}
}

// IsNumber tells whether the scalar is a number.
func (s *Scalar) IsNumber() bool { return s.isNumber }

// Size is the memory that the scalar takes beside itself, in bytes.
func (s *Scalar) Size() int { return len(s.text) }

// AppendKey appends the same for equal scalars, which must be numbers.
func (s *Scalar) AppendKey(key []byte) []byte {
	if s.isExact {
		return strconv.AppendFloat(key, s.number, 'g', -1, 64)
	}
	return strconv.AppendQuote(key, s.comparedText())
}

// comparedText is the same for all equal scalars that are not exact numbers.
func (s *Scalar) comparedText() string {
	if s.isNumber {
		return normalise(s.text)
	}
	return s.text
}

// compare orders numbers. If their floats differ, these have the same order.
func (s *Scalar) compare(other *Scalar) int {
	if s.number < other.number {
		return -1
	}
	if s.number > other.number {
		return 1
	}
	return compareDigits(s, other)
}

// ParseNumber parses a decimal number as JSON writes it; leading zeros are allowed.
func ParseNumber(text string) (number float64, ok bool) {
	if !isNumber(text) {
		return 0, false
	}
	number, err := strconv.ParseFloat(text, 64)
	return number + 0, err == nil // -0 is 0
}

// powers are those of ten, which float64 has exactly.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14}

// parseShort parses a number of at most 15 bytes without an exponent, as most are. Its digits are a whole number that float64 has exactly: divided by a power
// of ten, it gives the float64 nearest to the number.
func parseShort(text string) (number float64, ok bool) {
	if len(text) == 0 || len(text) > len(powers) {
		return 0, false
	}
	rest := text
	if text[0] == '-' {
		rest = text[1:]
	}
	var all int64
	point := len(rest)
	for i := range len(rest) {
		switch c := rest[i]; {
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

// isNumber keeps from ParseFloat what JSON does not allow, and what ParseFloat would refuse, as its error is an allocation.
func isNumber(text string) bool {
	rest, ok := cutDigits(strings.TrimPrefix(text, "-"))
	if ok && len(rest) > 0 && rest[0] == '.' {
		rest, ok = cutDigits(rest[1:])
	}
	if ok && len(rest) > 1 && rest[0]|0x20 == 'e' {
		rest = rest[1:]
		if rest[0] == '+' || rest[0] == '-' {
			rest = rest[1:]
		}
		rest, ok = cutDigits(rest)
	}
	return ok && len(rest) == 0
}

// cutDigits gives the text after its leading digits, of which there must be at least one.
func cutDigits(text string) (rest string, ok bool) {
	count := 0
	for count < len(text) && text[count]-'0' < 10 {
		count++
	}
	return text[count:], count > 0
}
