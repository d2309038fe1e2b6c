package pollpayload

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
)

const (
	separator         = 0x1e
	base64Start       = 'b' // of a binary message as text
	binaryInRevision4 = "b"
	binaryInRevision3 = "b4" // with the type of a message
)

var (
	errNotUTF8     = errors.New("body: the text is not valid UTF-8")
	errEmptyPacket = errors.New("packet: got nothing, want at least a type")
)

func appendRevision4(body []byte, packet *Packet) []byte {
	if len(body) > 0 {
		body = append(body, separator)
	}
	if packet.Binary {
		return base64.StdEncoding.AppendEncode(append(body, binaryInRevision4...), packet.Data)
	}
	return append(body, packet.Data...)
}

func sizeRevision4(packet *Packet) int {
	if packet.Binary {
		return 1 + len(binaryInRevision4) + base64.StdEncoding.EncodedLen(len(packet.Data))
	}
	return 1 + len(packet.Data)
}

func splitRevision4(body []byte) iter.Seq[part] {
	return func(yield func(part) bool) {
		for text := range bytes.SplitSeq(body, []byte{separator}) {
			if !yield(part{data: text}) {
				return
			}
		}
	}
}

// decodeText decodes a packet's text, which may be a binary message in base64.
func decodeText(text []byte, binaryStart string) (Packet, error) {
	if len(text) == 0 {
		return Packet{}, errEmptyPacket
	}
	if text[0] != base64Start {
		return Packet{Data: text}, nil
	}
	encoded, ok := bytes.CutPrefix(text, []byte(binaryStart))
	if !ok {
		return Packet{}, fmt.Errorf("binary packet: got %.20q, want %s and base64", text, binaryStart)
	}
	data, err := base64.StdEncoding.AppendDecode(nil, encoded)
	if err != nil {
		return Packet{}, fmt.Errorf("binary packet: got %.20q, want %s and base64", text, binaryStart)
	}
	return Packet{Binary: true, Data: data}, nil
}
