package pollpayload

import (
	"encoding/base64"
	"fmt"
	"iter"
	"strconv"
	"unicode/utf8"
)

func appendRevision3Text(body []byte, packet *Packet) []byte {
	if packet.Binary {
		body = strconv.AppendInt(body, int64(len(binaryInRevision3)+base64.StdEncoding.EncodedLen(len(packet.Data))), 10)
		body = append(body, ':')
		return base64.StdEncoding.AppendEncode(append(body, binaryInRevision3...), packet.Data)
	}
	text := measure(packet.Data)
	body = strconv.AppendInt(body, int64(text.units), 10)
	return text.appendTo(append(body, ':'))
}

func sizeRevision3Text(packet *Packet) int {
	size := len(binaryInRevision3) + base64.StdEncoding.EncodedLen(len(packet.Data))
	if !packet.Binary {
		size = escapedSize(packet.Data)
	}
	return digits(size) + len(":") + size
}

func splitRevision3Text(body []byte) iter.Seq[part] {
	return func(yield func(part) bool) {
		for rest := body; len(rest) > 0; {
			length, behind, ok := takeLength(rest, '0', ':')
			size, fits := sizeOfUnits(behind, length)
			if !ok || !fits {
				yield(part{fault: fmt.Errorf("packet: got %.20q, want a length in UTF-16 code units, a colon and that much text", rest)})
				return
			}
			rest = behind[size:]
			if !yield(part{data: behind[:size:size]}) {
				return
			}
		}
	}
}

// takeLength reads a number of digits, the smallest of which is zero, and the byte that ends it. For a number that is larger than the rest of
// the body it returns some such number.
func takeLength(body []byte, zero, end byte) (length int, behind []byte, ok bool) {
	for i, char := range body {
		digit := char - zero
		switch {
		case char == end:
			return length, body[i+1:], i > 0
		case digit > 9:
			return 0, nil, false
		case length <= len(body):
			length = length*10 + int(digit)
		}
	}
	return 0, nil, false
}

// sizeOfUnits returns how many bytes the first UTF-16 code units of a text take. It is not ok if there are fewer, or if the last is half a character.
func sizeOfUnits(text []byte, units int) (size int, ok bool) {
	if units > len(text) {
		return 0, false // no byte makes more than one unit
	}
	if isASCII(text[:units]) {
		return units, true
	}
	for units > 0 && size < len(text) {
		_, width := utf8.DecodeRune(text[size:])
		size += width
		units -= unitsOf(width)
	}
	return size, units == 0
}
