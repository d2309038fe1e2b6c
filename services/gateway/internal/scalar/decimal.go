package scalar

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// MaxLength is to how many bytes numbers are compared by their digits: with many others, that would take long for longer ones.
const MaxLength = 200

const (
	// exactDigits is how many significant digits a decimal may have so that no other one with as few has the same float64 (DBL_DIG of IEEE 754).
	exactDigits = 15
	// exactLeast is above the magnitudes at which a float64 has fewer digits than that.
	exactLeast = 1e-290
)

// isExact tells whether no other number with as few digits has the same float64. A text that is too long counts as its float64.
func isExact(number float64, text string) bool {
	if len(text) > MaxLength {
		return true
	}
	digits := significantDigits(text)
	return digits == 0 || digits <= exactDigits && math.Abs(number) >= exactLeast
}

// significantDigits counts from the first digit that is not 0 to the last.
func significantDigits(text string) (count int) {
	zeros := 0 // since the last
	for i := range len(text) {
		switch c := text[i]; {
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

// compareDigits orders numbers whose floats are the same.
func compareDigits(a, b *Scalar) int {
	if a.isExact && b.isExact || len(a.text) > MaxLength || len(b.text) > MaxLength {
		return 0
	}
	some, other := normalise(a.text), normalise(b.text)
	if order := cmp.Compare(sign(some), sign(other)); order != 0 {
		return order
	}
	someDigits, someMagnitude := magnitude(some)
	otherDigits, otherMagnitude := magnitude(other)
	return sign(some) * cmp.Or(cmp.Compare(someMagnitude, otherMagnitude), strings.Compare(someDigits, otherDigits))
}

func sign(normal string) int {
	switch normal[0] {
	case '0':
		return 0
	case '-':
		return -1
	}
	return 1
}

// magnitude gives the digits of a normalised number, and how many of them are before the point.
func magnitude(normal string) (digits string, before int) {
	digits, exponent, _ := strings.Cut(strings.TrimPrefix(normal, "-"), "e")
	return digits, len(digits) + parseExponent(exponent)
}

// normalise gives the one text that all decimals with the same value have: the digits between the first and the last that is not 0, as a whole number, and
// its exponent. The text must be a number.
func normalise(text string) string {
	mantissa, exponent := text, 0
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		mantissa, exponent = text[:at], parseExponent(text[at+1:])
	}
	mantissa, isNegative := strings.CutPrefix(mantissa, "-")
	whole, decimals, _ := strings.Cut(mantissa, ".")
	all := whole + decimals
	significant := strings.TrimRight(all, "0")
	exponent += len(all) - len(significant) - len(decimals)
	if significant = strings.TrimLeft(significant, "0"); significant == "" {
		return "0"
	}
	if isNegative {
		significant = "-" + significant
	}
	return significant + "e" + strconv.Itoa(exponent)
}

// parseExponent gives an exponent, or one that no number that is written out reaches if it is longer than that.
func parseExponent(text string) int {
	const most = 1_000_000_000
	exponent, _ := strconv.Atoi(text) // in range or, with an error, the nearest that is
	return max(-most, min(exponent, most))
}
