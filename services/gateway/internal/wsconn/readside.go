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
// of its own into whatever the queue is writing.
type readSide struct {
	net.Conn
	muted  bool
	failed bool   // a read failed, so the fault is the connection's and not the protocol's
	most   int    // bytes of a message with all its frames
	read   int    // of them, those of the message that is on its way
	ahead  *ahead // what was read of the connection beyond that; nil if nothing was
}

// errOverhead is returned to who reads more than a message can need, such as frames without end that hold nothing.
var errOverhead = errors.New("the frames of the message are too many")

func (c *readSide) Read(p []byte) (int, error) {
	if c.muted && c.read >= c.most {
		return 0, errOverhead
	}
	n, err := c.readSome(p)
	c.read += n
	c.failed = err != nil
	return n, err
}

// beginMessage has the next message have as many bytes as it may.
func (c *readSide) beginMessage() { c.read = 0 }

// readSome reads ahead once a message has turned out to be long.
func (c *readSide) readSome(p []byte) (int, error) {
	if c.ahead == nil {
		if c.read < longMessage || len(p) >= aheadBytes {
			return c.Conn.Read(p)
		}
		var err error
		if c.ahead, err = readAhead(c.Conn); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.ahead.unread)
	if c.ahead.unread = c.ahead.unread[n:]; len(c.ahead.unread) == 0 {
		aheads.Put(c.ahead)
		c.ahead = nil
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
