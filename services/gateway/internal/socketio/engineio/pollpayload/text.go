package pollpayload

import "unicode/utf8"

// text is the text of a revision 3 packet with its length, which is written before it.
type text struct {
	data    []byte
	size    int  // in bytes as written
	units   int  // the same in UTF-16 code units
	ascii   bool // written unchanged
	escaped bool // what is not ASCII is written as \uXXXX
}

func measure(data []byte) text {
	switch {
	case isASCII(data):
		return text{data: data, size: len(data), units: len(data), ascii: true}
	case isJSON(data):
		size := escapedSize(data)
		return text{data: data, size: size, units: size, escaped: true}
	default:
		t := text{data: data}
		for rest := data; len(rest) > 0; {
			char, width := utf8.DecodeRune(rest)
			t.size += utf8.RuneLen(char)
			t.units += unitsOf(width)
			rest = rest[width:]
		}
		return t
	}
}

func (t *text) appendTo(body []byte) []byte {
	switch {
	case t.ascii:
		return append(body, t.data...)
	case t.escaped:
		return appendEscaped(body, t.data)
	default:
		for rest := t.data; len(rest) > 0; {
			char, width := utf8.DecodeRune(rest)
			body = utf8.AppendRune(body, char) // U+FFFD for what is not UTF-8
			rest = rest[width:]
		}
		return body
	}
}

// unitsOf returns how many UTF-16 code units a character has that has width bytes of UTF-8.
func unitsOf(width int) int {
	if width == utf8.UTFMax {
		return 2
	}
	return 1
}

func digits(number int) int {
	count := 1
	for ; number >= 10; number /= 10 {
		count++
	}
	return count
}
