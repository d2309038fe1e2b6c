package subscription

import (
	"bytes"
	"cmp"
	"math"
	"strconv"
)

const (
	// exactDigits is how many significant digits a decimal may have so that no other one with as few has the same float64 (DBL_DIG of IEEE 754).
	exactDigits = 15
	// exactLeast is above the numbers that have fewer digits than that as a float64.
	exactLeast = 1e-290
)

// normalise gives the one text that all decimals of the same value have: the digits between the first and the last that is not 0, as a whole number, and its
// exponent. The text must be a number.
func normalise(text []byte) (normal []byte) {
	mantissa, exponent := text, 0
	if at := bytes.IndexAny(text, "eE"); at >= 0 {
		mantissa, exponent = text[:at], readExponent(text[at+1:])
	}
	normal = make([]byte, 0, len(text)+len("e-1000000000"))
	if mantissa[0] == '-' {
		normal, mantissa = append(normal, '-'), mantissa[1:]
	}
	begin := len(normal)
	whole, decimals, _ := bytes.Cut(mantissa, []byte("."))
	normal = append(append(normal, whole...), decimals...)
	all := normal[begin:]
	significant := bytes.TrimRight(all, "0")
	exponent += len(all) - len(significant) - len(decimals)
	significant = bytes.TrimLeft(significant, "0")
	if len(significant) == 0 {
		return append(normal[:0], '0')
	}
	digits := copy(all, significant)
	return strconv.AppendInt(append(normal[:begin+digits], 'e'), int64(exponent), 10)
}

// readExponent gives one that is out of reach for any number that is written out, if it is longer than that.
func readExponent(text []byte) int {
	const most = 1_000_000_000
	exponent, _ := strconv.Atoi(string(text)) // in range or, with an error, the nearest that is
	return max(-most, min(exponent, most))
}

// isExact tells that no other number with as few digits has the same float64. A text that is too long counts as its float64.
func isExact(number float64, text []byte) bool {
	if isTooLong(text) {
		return true
	}
	digits := significantDigits(text)
	return digits == 0 || digits <= exactDigits && math.Abs(number) >= exactLeast
}

// isTooLong tells that a number takes more than alternatives may, so that comparing its digits with those of many others would take long.
func isTooLong(text []byte) bool { return len(text) > MaxAlternativeText }

// significantDigits counts those from the first that is not 0 to the last.
func significantDigits(text []byte) (count int) {
	zeros := 0 // since then
	for _, c := range text {
		switch {
		case c|0x20 == 'e':
			return count
		case c == '0' && count > 0:
			zeros++
		case c > '0':
			count, zeros = count+zeros+1, 0
		}
	}
	return count
}

// compare orders numbers. Where their floats differ, these have the same order.
func (l *leaf) compare(other *leaf) int {
	if order := cmp.Compare(l.number, other.number); order != 0 || l.exact && other.exact || isTooLong(l.text) || isTooLong(other.text) {
		return order
	}
	return compareNormal(normalise(l.text), normalise(other.text))
}

// compareNormal orders normalised numbers whose floats are the same.
func compareNormal(some, other []byte) int {
	if order := sign(some) - sign(other); order != 0 {
		return order
	}
	someDigits, someMagnitude := magnitude(some)
	otherDigits, otherMagnitude := magnitude(other)
	order := cmp.Or(cmp.Compare(someMagnitude, otherMagnitude), bytes.Compare(someDigits, otherDigits))
	return order * sign(some)
}

func sign(normal []byte) int {
	switch normal[0] {
	case '0':
		return 0
	case '-':
		return -1
	}
	return 1
}

// magnitude gives the digits of a normalised number, and how many of them stand before the point.
func magnitude(normal []byte) (digits []byte, before int) {
	digits, exponent, _ := bytes.Cut(bytes.TrimPrefix(normal, []byte("-")), []byte("e"))
	return digits, len(digits) + readExponent(exponent)
}
