package sendqueue

import (
	"encoding/binary"
	"time"
	"unicode/utf8"
)

// opcode is the kind of a WebSocket frame (RFC 6455, section 11.8).
type opcode byte

const (
	opcodeText   opcode = 0x1
	opcodeBinary opcode = 0x2
	opcodeClose  opcode = 0x8
	opcodePing   opcode = 0x9
	opcodePong   opcode = 0xA
)

// maxControlPayload is the longest payload that a control frame may carry, in bytes (RFC 6455, section 5.5).
const maxControlPayload = 125

// Message is one encoded message, framed as WebSocket has it. It never changes, so all the queues that it stands in share it.
type Message struct {
	frame  []byte
	header int   // bytes of frame before the payload
	made   int64 // when, in Unix seconds, so that who does not get it can be told since when something is missing
}

// Text makes a text message; payload must be valid UTF-8.
func Text(payload []byte) *Message { return newMessage(opcodeText, payload) }

// Binary makes a binary message.
func Binary(payload []byte) *Message { return newMessage(opcodeBinary, payload) }

// Ping makes a ping without data.
func Ping() *Message { return newMessage(opcodePing, nil) }

// Pong makes the answer to a ping with the given data, of which at most 125 bytes are sent.
func Pong(data []byte) *Message {
	return newMessage(opcodePong, data[:min(len(data), maxControlPayload)])
}

// Close makes a close frame with a status code (RFC 6455, section 7.4) and a reason, which is cut to fit.
func Close(code int, reason string) *Message {
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	payload = append(payload, validPrefix(reason, maxControlPayload-len(payload))...)
	return newMessage(opcodeClose, payload)
}

// Binary tells whether the message is binary; otherwise, its payload is text.
func (m *Message) Binary() bool { return m.opcode() == opcodeBinary }

func (m *Message) opcode() opcode { return opcode(m.frame[0] & 0x0F) }

// isControl tells whether the message means something to a WebSocket only.
func (m *Message) isControl() bool { return m.opcode() >= opcodeClose }

// Payload gives the message without its frame. It must not be changed.
func (m *Message) Payload() []byte { return m.frame[m.header:] }

// Frame gives the message as a WebSocket's frame. It must not be changed.
func (m *Message) Frame() []byte { return m.frame }

// Size is what the message costs a queue and the network, in bytes.
func (m *Message) Size() int { return len(m.frame) }

func newMessage(kind opcode, payload []byte) *Message {
	return frame(kind, append(Blank(len(payload)), payload...))
}

// maxHeader is the length of the longest header of a frame that a server sends, in bytes.
const maxHeader = 10

// Blank gives memory for a text of about so many bytes. The text is appended to it, and nothing copied when Written makes a message of that.
func Blank(size int) []byte { return make([]byte, maxHeader, maxHeader+size) }

// Written makes a text message of a Blank with the text behind it, which must be valid UTF-8. The memory is the message's from then on.
func Written(blank []byte) *Message { return frame(opcodeText, blank) }

// frame puts a header before what stands behind a Blank, as a server sends it: final, unmasked, so that the same bytes serve every client (RFC 6455,
// section 5.2).
func frame(kind opcode, blank []byte) *Message {
	const final, length16, length64 = 0x80, 126, 127
	var memory [maxHeader]byte
	header := append(memory[:0], final|byte(kind))
	switch size := len(blank) - maxHeader; {
	case size < length16:
		header = append(header, byte(size))
	case size <= 0xFFFF:
		header = binary.BigEndian.AppendUint16(append(header, length16), uint16(size))
	default:
		header = binary.BigEndian.AppendUint64(append(header, length64), uint64(size))
	}
	framed := blank[maxHeader-len(header):]
	copy(framed, header)
	return &Message{frame: framed, header: len(header), made: time.Now().Unix()}
}

// validPrefix cuts text to at most size bytes without splitting a character.
func validPrefix(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}
