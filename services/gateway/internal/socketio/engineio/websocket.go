package engineio

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/outbox"
)

// readBufferSize is small because idle connections are many; a frame that is longer is read past the buffer.
const readBufferSize = 512

// socket is a WebSocket connection from which packets are read.
type socket struct {
	frames *websocket.Conn
	conn   *readSide
	buffer *bufio.Reader // between the two
}

func newUpgrader(cfg *Config) websocket.Upgrader {
	return websocket.Upgrader{
		HandshakeTimeout: cfg.Queue.WriteTimeout,
		WriteBufferPool:  &sync.Pool{},                             // nothing is written with it after the handshake, so that no connection holds a buffer
		CheckOrigin:      func(*http.Request) bool { return true }, // checked before, for all transports alike
		Error: func(w http.ResponseWriter, _ *http.Request, _ int, reason error) {
			badRequest(reason.Error()).write(w)
		},
	}
}

// accept makes the WebSocket handshake. It answers the request itself if that fails.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) (*socket, error) {
	hijacker := &readSideHijacker{ResponseWriter: w}
	frames, err := s.upgrader.Upgrade(hijacker, r, nil)
	if err != nil {
		return nil, err
	}
	hijacker.conn.muted = true
	frames.SetReadLimit(int64(s.cfg.MaxPayload))
	return &socket{frames, hijacker.conn, hijacker.buffer}, nil
}

// answerControlFrames sends pongs through the session's outbox. Close frames need no answer of their own: they end the reading, and so the session.
func (k *socket) answerControlFrames(s *Session) {
	k.frames.SetPingHandler(func(data string) error {
		s.say(outbox.Pong([]byte(data)))
		return nil
	})
	k.frames.SetCloseHandler(func(int, string) error { return nil })
}

// readAll hands every packet to the session until the connection fails or ends. What a packet sets off needs more stack than waiting for it, and a
// stack that has grown hardly shrinks again: so packets have short-lived goroutines, and the one that waits stays at 2 KiB.
func (k *socket) readAll(s *Session) {
	for reading := true; reading; {
		_, _ = k.buffer.Peek(1) // waits; an error is met again by the reading
		var turn sync.WaitGroup
		turn.Go(func() { reading = k.readBuffered(s) })
		turn.Wait()
	}
}

// readBuffered reads packets until nothing is left in the buffer. It returns false when nothing more is to be read.
func (k *socket) readBuffered(s *Session) bool {
	for reading := true; reading; reading = k.buffer.Buffered() > 0 {
		kind, frame, err := k.frames.ReadMessage()
		if err != nil {
			s.Close(k.ending(err))
			return false
		}
		if s.ending.Load() != nil {
			continue // what comes after the end is read only so that the client can read what was sent last
		}
		if err := s.receiveFrame(kind == websocket.BinaryMessage, frame); err != nil {
			s.Close(endMalformed(err))
		}
	}
	return true
}

func (s *Session) receiveFrame(binary bool, frame []byte) error {
	decoded, err := decodeText(frame)
	if binary {
		decoded, err = decodeBinary(s.revision, frame)
	}
	if err != nil {
		return err
	}
	return s.receive(decoded)
}

func (k *socket) ending(err error) Ending {
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		return Ending{Reason: "transport error", Code: websocket.CloseMessageTooBig, Detail: "the message is longer than maxPayload"}
	case errors.As(err, &closed), k.conn.failed:
		return endClientClosed
	default:
		ending := endTransportError
		ending.Detail = err.Error()
		return ending
	}
}

// drain reads on after the end, as long as the outbox lets it: closing a socket that holds unread bytes could destroy what was sent last.
func (k *socket) drain() { _, _ = io.Copy(io.Discard, k.conn.Conn) }

// readSide is a connection as gorilla/websocket sees it once the handshake is made: it only reads. On a client's fault it would write a close frame
// of its own into whatever the outbox is writing.
type readSide struct {
	net.Conn
	muted  bool
	failed bool // a read failed, so the fault is the connection's and not the protocol's
}

func (c *readSide) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
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
	conn   *readSide
	buffer *bufio.Reader
}

func (h *readSideHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = &readSide{Conn: conn}
	if buffers.Reader.Buffered() == 0 { // otherwise the client spoke too early, which gorilla/websocket is to see and refuse
		h.buffer = bufio.NewReaderSize(h.conn, readBufferSize)
		buffers.Reader = h.buffer
	}
	return h.conn, buffers, nil
}
