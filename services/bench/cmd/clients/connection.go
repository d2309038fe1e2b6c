package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
)

const (
	opcodeText = 0x1
	opcodePing = 0x9
	opcodePong = 0xA

	final      = 0x80
	masked     = 0x80
	bufferSize = 16 << 10 // also the longest frame, in bytes
)

// connection is a cheap WebSocket client: it reads frames in place, and its masks are zero (RFC 6455).
type connection struct {
	conn   net.Conn
	reader *bufio.Reader
}

func newConnection(conn net.Conn) *connection {
	return &connection{conn: conn, reader: bufio.NewReaderSize(conn, bufferSize)}
}

func (c *connection) upgrade(host, path string) error {
	_, err := fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, host)
	if err != nil {
		return err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return err
	}
	_ = response.Body.Close() // it has none
	if response.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("GET %s: got status %s", path, response.Status)
	}
	return nil
}

// next gives the next message, which is valid until the call after it, and answers pings on the way.
func (c *connection) next() ([]byte, error) {
	for {
		opcode, payload, err := c.frame()
		if err != nil {
			return nil, err
		}
		switch opcode {
		case final | opcodeText:
			return payload, nil
		case final | opcodePing:
			if err := c.write(opcodePong, string(payload)); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("got a frame that begins with %#x, of %d bytes: %.60q", opcode, len(payload), payload)
		}
	}
}

func (c *connection) frame() (opcode byte, payload []byte, err error) {
	header, size, err := c.header()
	if err != nil {
		return 0, nil, err
	}
	frame, err := c.reader.Peek(header + size)
	if err != nil {
		return 0, nil, err
	}
	opcode = frame[0]
	_, err = c.reader.Discard(header + size)
	return opcode, frame[header:], err
}

// header gives the lengths of the next frame's header and payload, in bytes (RFC 6455, section 5.2).
func (c *connection) header() (header, size int, err error) {
	const length16, length64, lengthBits = 126, 127, 0x7F
	short, err := c.reader.Peek(2)
	if err != nil {
		return 0, 0, err
	}
	switch length := int(short[1] & lengthBits); length {
	case length16:
		long, err := c.reader.Peek(4)
		if err != nil {
			return 0, 0, err
		}
		return 4, int(binary.BigEndian.Uint16(long[2:])), nil
	case length64:
		return 0, 0, fmt.Errorf("got a frame of more than 65,535 bytes: %w", io.ErrShortBuffer)
	default:
		return 2, length, nil
	}
}

// write sends a short frame under a mask of zeroes.
func (c *connection) write(opcode byte, text string) error {
	const longest = 125
	if len(text) > longest {
		return fmt.Errorf("got %d bytes to send, want at most %d", len(text), longest)
	}
	frame := append([]byte{final | opcode, masked | byte(len(text)), 0, 0, 0, 0}, text...)
	_, err := c.conn.Write(frame)
	return err
}
