package wsconn

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// readBufferSize is small because idle connections are many; a longer frame is read past the buffer. It is the smallest of Go's allocation sizes
// that gorilla/websocket accepts, which is more than 256 bytes.
const readBufferSize = 288

// readSide is the connection that gorilla/websocket has after the handshake: it can only read. On a protocol error it would write a close frame
// of its own into what the queue is writing.
type readSide struct {
	net.Conn
	muted     bool
	failed    bool             // a read failed, so it is no protocol error
	maxBytes  int              // most bytes of a message with all its frames
	read      int              // bytes read of the current message
	readAhead *readAheadBuffer // read from the connection in advance; nil if nothing is
}

// errTooEarly is returned if a client does not wait for the handshake. Its connection is closed.
var errTooEarly = errors.New("the client has sent a frame before the handshake was answered")

// errOverhead is returned if a message takes more bytes than it can need, such as endless empty frames.
var errOverhead = errors.New("the frames of the message are too many")

func (c *readSide) Read(p []byte) (int, error) {
	if c.muted && c.read >= c.maxBytes {
		return 0, errOverhead
	}
	n, err := c.readSome(p)
	c.read += n
	c.failed = err != nil
	return n, err
}

// resetCount begins to count the bytes of the next message.
func (c *readSide) resetCount() { c.read = 0 }

// readSome reads ahead once a message is known to be long.
func (c *readSide) readSome(p []byte) (int, error) {
	if c.readAhead == nil {
		if c.read < longMessage || len(p) >= readAheadBytes {
			return c.Conn.Read(p)
		}
		var err error
		if c.readAhead, err = fillReadAhead(c.Conn); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.readAhead.unread)
	if c.readAhead.unread = c.readAhead.unread[n:]; len(c.readAhead.unread) == 0 {
		readAheadBuffers.Put(c.readAhead)
		c.readAhead = nil
	}
	return n, nil
}

func (c *readSide) Write(p []byte) (int, error) {
	if c.muted {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c *readSide) SetWriteDeadline(t time.Time) error {
	if c.muted {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

// readSideHijacker gives gorilla/websocket the read side of a connection, and a small buffer instead of the HTTP server's.
type readSideHijacker struct {
	http.ResponseWriter
	side   *readSide
	buffer *bufio.Reader
}

func (h *readSideHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if buffers.Reader.Buffered() > 0 { // some versions of gorilla/websocket would accept it
		_ = conn.Close()
		return nil, nil, errTooEarly
	}
	h.side = &readSide{Conn: conn}
	h.buffer = bufio.NewReaderSize(h.side, readBufferSize)
	buffers.Reader = h.buffer
	return h.side, buffers, nil
}

const (
	// readAheadBytes is how much of a long message is read at once: many clients send it in frames of 4 KiB, each of which would otherwise take two reads.
	readAheadBytes = 16 << 10
	// longMessage is how many bytes of a message are read before that memory is used, as the rest may never arrive.
	longMessage = 4 << 10
)

// readAheadBuffer has bytes that are read from the connection in advance.
type readAheadBuffer struct {
	memory [readAheadBytes]byte
	unread []byte
}

var readAheadBuffers = sync.Pool{New: func() any { return new(readAheadBuffer) }}

func fillReadAhead(conn net.Conn) (*readAheadBuffer, error) {
	read := readAheadBuffers.Get().(*readAheadBuffer)
	n, err := conn.Read(read.memory[:])
	if n == 0 && err != nil {
		readAheadBuffers.Put(read)
		return nil, err
	}
	read.unread = read.memory[:n] // an error is returned again by the next read
	return read, nil
}
