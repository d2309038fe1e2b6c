package engineio

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"atlasstream/services/gateway/internal/wsframe"
)

// packetKind is the first character of every packet, in both revisions.
type packetKind byte

const (
	packetOpen    packetKind = '0'
	packetClose   packetKind = '1'
	packetPing    packetKind = '2'
	packetPong    packetKind = '3'
	packetMessage packetKind = '4'
	packetUpgrade packetKind = '5'
	packetNoop    packetKind = '6'
)

// binaryMessage is the first byte of a binary message in revision 3; in revision 4 binary frames are messages without a prefix.
const binaryMessage = 4

var (
	ping = wsframe.Text([]byte{byte(packetPing)})
	pong = wsframe.Text([]byte{byte(packetPong)})
)

// packet is one packet from a client.
type packet struct {
	kind   packetKind
	binary bool
	data   []byte
}

func decodeText(frame []byte) (packet, error) {
	if len(frame) == 0 {
		return packet{}, errors.New("packet: got nothing, want a type from 0 to 6")
	}
	if kind := packetKind(frame[0]); kind < packetOpen || kind > packetNoop {
		return packet{}, fmt.Errorf("packet type: got %q, want 0 to 6", frame[0])
	}
	if !utf8.Valid(frame) {
		return packet{}, errors.New("packet: the text is not valid UTF-8")
	}
	return packet{kind: packetKind(frame[0]), data: frame[1:]}, nil
}

func decodeBinary(revision Revision, frame []byte) (packet, error) {
	if revision == Revision4 {
		return packet{kind: packetMessage, binary: true, data: frame}, nil
	}
	if len(frame) == 0 || frame[0] != binaryMessage {
		return packet{}, fmt.Errorf("binary packet: got %.4x…, want a first byte of %02x", frame, binaryMessage)
	}
	return packet{kind: packetMessage, binary: true, data: frame[1:]}, nil
}

func encodeBinary(revision Revision, data []byte) *wsframe.Message {
	if revision == Revision4 {
		return wsframe.Binary(data)
	}
	return wsframe.Binary(append([]byte{binaryMessage}, data...))
}
