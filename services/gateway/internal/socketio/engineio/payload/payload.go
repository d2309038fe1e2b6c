package payload

import (
	"errors"
	"fmt"
)

// MaxPackets is how many packets a body may hold so that every client reads it: python-engineio 3 and 4 end the session over one more.
const MaxPackets = 16

// Form is how a body carries its packets.
type Form int

// The forms that clients read and write.
const (
	Revision4       Form = iota // parted by 0x1e; binary messages as "b" and base64
	Revision3Text               // each behind its length in UTF-16 code units and ":"; binary messages as "b4" and base64
	Revision3Binary             // each behind 0 (text) or 1 (binary), its length's digits as bytes from 0 to 9, and 0xFF
)

// Packet is one packet of a body.
type Packet struct {
	// Binary tells that Data is a binary message and nothing else. Otherwise, Data is the packet's text, which begins with the character of its type.
	Binary bool
	Data   []byte
}

// Limits bound what Decode accepts. Zero accepts nothing.
type Limits struct {
	Packets int // in a body
	Bytes   int // of a body
}

// TooLargeError tells which limit a body exceeds.
type TooLargeError struct {
	Limit int
	Unit  string // "bytes" or "packets"
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("body: got more than %d %s", e.Limit, e.Unit)
}

// Append adds packets to a body, which may hold some already. It allocates nothing but room in the body, except that telling
// whether text beyond ASCII is JSON may, in revision 3. Text must not be empty, and in revision 4 it must
// not contain 0x1e, which JSON never does.
func Append(body []byte, form Form, packets []Packet) []byte {
	for i := range packets {
		switch packet := &packets[i]; form {
		case Revision3Text:
			body = appendRevision3Text(body, packet)
		case Revision3Binary:
			body = appendRevision3Binary(body, packet)
		default:
			body = appendRevision4(body, packet)
		}
	}
	return body
}

// Size is the most bytes that Append adds for a packet. It is exact for ASCII and for binary messages, but for the separator of revision 4.
func Size(form Form, packet Packet) int {
	switch form {
	case Revision3Text:
		return sizeRevision3Text(&packet)
	case Revision3Binary:
		return sizeRevision3Binary(&packet)
	default:
		return sizeRevision4(&packet)
	}
}

// Decode takes a body apart. The packets share the body's memory, which Decode may write to. Beyond that it allocates the slice of packets and what base64
// stands for. It does not check the types of text packets. An error is a *TooLargeError, or tells what is wrong with the body.
func Decode(form Form, body []byte, limits Limits) ([]Packet, error) {
	if len(body) > limits.Bytes {
		return nil, &TooLargeError{limits.Bytes, "bytes"}
	}
	if len(body) == 0 {
		return nil, errors.New("body: got nothing, want at least one packet")
	}
	switch form {
	case Revision3Text:
		return decodeRevision3Text(body, limits.Packets)
	case Revision3Binary:
		return decodeRevision3Binary(body, limits.Packets)
	default:
		return decodeRevision4(body, limits.Packets)
	}
}
