package wsconn

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"time"
)

// readBufferSize is small because idle connections are many; a frame that is longer is read past the buffer. It is the least that Go's allocator has of
// what gorilla/websocket accepts, which is more than 256 bytes.
const readBufferSize = 288

// readSide is a connection as gorilla/websocket sees it once the handshake is made: it only reads. On a client's fault it would write a close frame
// of its own into whatever the outbox is writing.
type readSide struct {
	net.Conn
	muted  bool
	failed bool // a read failed, so the fault is the connection's and not the protocol's
	room   int  // bytes that may still be read before the client's next message is there
}

// errOverhead is returned to who reads more than a message can need, such as frames without end that hold nothing.
var errOverhead = errors.New("the frames of the message are too many")

func (c *readSide) Read(p []byte) (int, error) {
	if c.muted && c.room <= 0 {
		return 0, errOverhead
	}
	n, err := c.Conn.Read(p)
	c.room -= n
	c.failed = err != nil
	return n, err
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

// readSideHijacker gives gorilla/websocket the read side of a connection, and a small buffer in place of the HTTP server's.
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
	h.side = &readSide{Conn: conn}
	if buffers.Reader.Buffered() == 0 { // otherwise the client spoke too early, which gorilla/websocket is to see and refuse
		h.buffer = bufio.NewReaderSize(h.side, readBufferSize)
		buffers.Reader = h.buffer
	}
	return h.side, buffers, nil
}
