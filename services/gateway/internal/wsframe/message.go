// Package wsframe has messages as they are sent: encoded, in the frame of a WebSocket (RFC 6455), which those who send them otherwise leave out.
package wsframe

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

// Message is an encoded message with a WebSocket frame. It is immutable, and shared by all queues that it is in.
type Message struct {
	frame   []byte
	header  int   // bytes of frame before the payload
	created int64 // in Unix seconds, to report since when a client misses messages
}

// Text makes a text message; payload must be valid UTF-8.
func Text(payload []byte) *Message { return newMessage(opcodeText, payload) }

// Binary makes a binary message.
func Binary(payload []byte) *Message { return newMessage(opcodeBinary, payload) }

// Ping makes a ping without data.
func Ping() *Message { return newMessage(opcodePing, nil) }

// Pong makes the answer to a ping with the given data, truncated to maxControlPayload.
func Pong(data []byte) *Message {
	return newMessage(opcodePong, data[:min(len(data), maxControlPayload)])
}

// Close makes a close frame with a status code (RFC 6455, section 7.4) and a reason, which is truncated to fit.
func Close(code int, reason string) *Message {
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	payload = append(payload, validPrefix(reason, maxControlPayload-len(payload))...)
	return newMessage(opcodeClose, payload)
}

// Binary reports whether the message is binary; otherwise, its payload is text.
func (m *Message) Binary() bool { return m.opcode() == opcodeBinary }

func (m *Message) opcode() opcode { return opcode(m.frame[0] & 0x0F) }

// IsWebSocketOnly reports whether the message is for WebSockets only.
func (m *Message) IsWebSocketOnly() bool { return m.opcode() >= opcodeClose }

// Payload returns the message without its frame. It must not be modified.
func (m *Message) Payload() []byte { return m.frame[m.header:] }

// Frame returns the message as a WebSocket frame. It must not be modified.
func (m *Message) Frame() []byte { return m.frame }

// Created is when the message was made, in Unix seconds.
func (m *Message) Created() int64 { return m.created }

// Size is the size of the frame in bytes, in the queue and on the wire.
func (m *Message) Size() int { return len(m.frame) }

func newMessage(kind opcode, payload []byte) *Message {
	return frame(kind, append(Blank(len(payload)), payload...))
}

// maxHeader is the length of the longest header of a frame that a server sends, in bytes.
const maxHeader = 10

// Blank returns a buffer for a text of about size bytes. The text is appended to it, and Written makes a message of that without copying.
func Blank(size int) []byte { return make([]byte, maxHeader, maxHeader+size) }

// Written makes a text message of a Blank with appended text, which must be valid UTF-8. It owns the memory from then on.
func Written(blank []byte) *Message { return frame(opcodeText, blank) }

// frame writes a server's header before the payload that was appended to a Blank: final, unmasked, so that the same bytes serve every client (RFC 6455,
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
	return &Message{frame: framed, header: len(header), created: time.Now().Unix()}
}

// validPrefix truncates text to at most size bytes without splitting a character.
func validPrefix(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}
