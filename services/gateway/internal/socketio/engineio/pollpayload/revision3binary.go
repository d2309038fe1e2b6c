package pollpayload

import (
	"fmt"
	"iter"
	"strconv"
	"unicode/utf8"
)

const (
	textFrame   = 0
	binaryFrame = 1
	lengthEnd   = 0xff
	messageType = 4 // of a binary packet, as its first byte
)

func appendRevision3Binary(body []byte, packet *Packet) []byte {
	if packet.Binary {
		body = appendHeader(body, binaryFrame, 1+len(packet.Data))
		return append(append(body, messageType), packet.Data...)
	}
	text := measure(packet.Data)
	return text.appendTo(appendHeader(body, textFrame, text.size))
}

func appendHeader(body []byte, kind byte, size int) []byte {
	body = append(body, kind)
	start := len(body)
	body = strconv.AppendInt(body, int64(size), 10)
	for i := start; i < len(body); i++ {
		body[i] -= '0'
	}
	return append(body, lengthEnd)
}

func sizeRevision3Binary(packet *Packet) int {
	size := 1 + len(packet.Data)
	if !packet.Binary {
		size = escapedSize(packet.Data)
	}
	return 2 + digits(size) + size
}

func splitRevision3Binary(body []byte) iter.Seq[part] {
	return func(yield func(part) bool) {
		for rest := body; len(rest) > 0; {
			kind := rest[0]
			size, behind, ok := takeLength(rest[1:], 0, lengthEnd)
			if !ok || size > len(behind) {
				yield(part{fault: fmt.Errorf("packet: got % .20x, want 00 or 01, the digits of a length, ff and that many bytes", rest)})
				return
			}
			if kind != textFrame && kind != binaryFrame {
				yield(part{fault: fmt.Errorf("packet: got %02x, want 00 (text) or 01 (binary)", kind)})
				return
			}
			rest = behind[size:]
			if !yield(part{binary: kind == binaryFrame, data: behind[:size:size]}) {
				return
			}
		}
	}
}

func decodeTextFrame(data []byte) (Packet, error) {
	replaceSurrogates(data)
	if !utf8.Valid(data) {
		return Packet{}, errNotUTF8
	}
	return decodeText(data, binaryInRevision3)
}

func decodeBinaryFrame(data []byte) (Packet, error) {
	switch {
	case len(data) == 0:
		return Packet{}, errEmptyPacket
	case data[0] != messageType:
		return Packet{}, fmt.Errorf("binary packet: got a first byte of %02x, want %02x", data[0], messageType)
	default:
		return Packet{Binary: true, Data: data[1:]}, nil
	}
}
