package pollpayload

import (
	"errors"
	"fmt"
	"iter"
	"unicode/utf8"
)

// MaxPackets is how many packets a body may hold so that every client reads it: python-engineio 3 and 4 end the session over one more.
const MaxPackets = 16

// Form is how a body carries its packets.
type Form int

// The forms that clients read and write.
const (
	Revision4       Form = iota // separated by 0x1e; binary messages as "b" and base64
	Revision3Text               // each behind its length in UTF-16 code units and ":"; binary messages as "b4" and base64
	Revision3Binary             // each behind 0 (text) or 1 (binary), its length's digits as bytes from 0 to 9, and 0xFF
)

// Packet is a packet of a body.
type Packet struct {
	// Binary is set if Data is the content of a binary message. Otherwise Data is the packet's text, which begins with the character of its type.
	Binary bool
	Data   []byte
}

// Limits bound what Decode accepts. Zero accepts nothing.
type Limits struct {
	Packets int // in a body
	Bytes   int // of a body
}

// TooLargeError says which limit a body exceeds.
type TooLargeError struct {
	Limit int
	Unit  string // "bytes" or "packets"
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("body: got more than %d %s", e.Limit, e.Unit)
}

// Append appends packets to a body, which may have some already. It allocates only to grow the body, except that checking
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

// Size is an upper bound of the bytes that Append adds for a packet. It is exact for ASCII and for binary messages, but for the separator of revision 4.
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

// Decode decodes the packets of a body one after the other, so that a body of many small packets takes no more memory than its bytes. The packets share the
// body's memory, which is modified: they can be read once. Only decoded base64 is allocated. The types of text packets are not
// checked. An error of Decode is a *TooLargeError or a fault of the body as a whole; an error of the sequence is a fault of a packet
// and ends the sequence.
func Decode(form Form, body []byte, limits Limits) (iter.Seq2[Packet, error], error) {
	if len(body) > limits.Bytes {
		return nil, &TooLargeError{limits.Bytes, "bytes"}
	}
	if len(body) == 0 {
		return nil, errors.New("body: got nothing, want at least one packet")
	}
	if form != Revision3Binary && !utf8.Valid(body) {
		return nil, errNotUTF8
	}
	split := splitter(form, body)
	if hasMoreThan(limits.Packets, split) {
		return nil, &TooLargeError{limits.Packets, "packets"}
	}
	return decoded(form, split, form == Revision3Text && isDoubleUTF8(split)), nil
}

func decoded(form Form, parts iter.Seq[part], twice bool) iter.Seq2[Packet, error] {
	return func(yield func(Packet, error) bool) {
		for part := range parts {
			if twice {
				part.data = decodeDoubleUTF8(part.data)
			}
			packet, err := part.decode(form)
			if !yield(packet, err) || err != nil {
				return
			}
		}
	}
}

// part is an undecoded packet of a body.
type part struct {
	binary bool // in a binary frame
	data   []byte
	fault  error // instead of data, in the last part
}

// splitter returns a sequence of a body's undecoded packets, which can be iterated repeatedly.
func splitter(form Form, body []byte) iter.Seq[part] {
	switch form {
	case Revision3Text:
		return splitRevision3Text(body)
	case Revision3Binary:
		return splitRevision3Binary(body)
	default:
		return splitRevision4(body)
	}
}

func hasMoreThan(most int, parts iter.Seq[part]) bool {
	for range parts {
		if most--; most < 0 {
			return true
		}
	}
	return false
}

func (p part) decode(form Form) (Packet, error) {
	switch {
	case p.fault != nil:
		return Packet{}, p.fault
	case p.binary:
		return decodeBinaryFrame(p.data)
	case form == Revision3Binary:
		return decodeTextFrame(p.data)
	case form == Revision3Text:
		return decodeText(p.data, binaryInRevision3)
	default:
		return decodeText(p.data, binaryInRevision4)
	}
}
