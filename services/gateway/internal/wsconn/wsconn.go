// Package wsconn is the server's end of a WebSocket connection: gorilla/websocket makes the handshake and reads, a queue writes. Nothing is written through
// gorilla, whose writer sends message by message. An idle connection costs the goroutine that reads from it and a buffer of readBufferSize.
package wsconn

import (
	"bufio"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

// Settings are shared by all connections of a server.
type Settings struct {
	MaxMessage       int64         // most bytes of a client's message; a longer one ends the connection with status 1009
	HandshakeTimeout time.Duration // for the answer to the handshake
	Limits           *sendqueue.Limits
	Stats            *queuebudget.Stats
	// Refuse answers a request that is no handshake; nil answers in plain text.
	Refuse func(w http.ResponseWriter, status int, reason error)
}

// Conn is a connection. ReadAll is called by one goroutine, the methods of the queue by any.
type Conn struct {
	*sendqueue.Queue
	frames *websocket.Conn
	side   *readSide
	buffer *bufio.Reader // between the two
}

// writeBuffers are for handshakes only.
var writeBuffers = &sync.Pool{}

// Upgrade makes the handshake. If it returns an error, the request is answered. The handler should return then and leave the connection to a goroutine of its
// own, which frees what net/http keeps for a request.
func (s *Settings) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	conn, err := s.UpgradeFor(nil, w, r)
	if err != nil {
		return nil, err
	}
	conn.Queue = sendqueue.New(conn.side.Conn, s.Limits, s.Stats)
	return conn, nil
}

// UpgradeFor is Upgrade for a queue without a connection, which has none until ConnectQueue.
func (s *Settings) UpgradeFor(unconnected *sendqueue.Queue, w http.ResponseWriter, r *http.Request) (*Conn, error) {
	answer, err := s.subprotocolFor(w, r)
	if err != nil {
		return nil, err
	}
	upgrader := websocket.Upgrader{
		HandshakeTimeout: s.HandshakeTimeout,
		WriteBufferPool:  writeBuffers,
		CheckOrigin:      func(*http.Request) bool { return true }, // package cors checks it
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			if reason.Error() != errTooEarly.Error() { // gorilla/websocket keeps no more than the words; that connection is closed
				s.refuse(w, status, reason)
			}
		},
	}
	hijacker := &readSideHijacker{ResponseWriter: w}
	frames, err := upgrader.Upgrade(hijacker, r, answer)
	if err != nil {
		return nil, err
	}
	hijacker.side.muted, hijacker.side.maxBytes = true, frameOverhead(s.MaxMessage)
	conn := &Conn{Queue: unconnected, frames: frames, side: hijacker.side, buffer: hijacker.buffer}
	frames.SetReadLimit(s.MaxMessage)
	frames.SetCloseHandler(func(int, string) error { return nil }) // it ends ReadAll, and the caller answers
	return conn, nil
}

// frameOverhead is how many bytes a message may take with its frames: as much again, and some small frames.
func frameOverhead(maxMessage int64) int { return 2*int(maxMessage) + 4096 }

// subprotocolFor returns the header of the handshake's response, or an error after responding.
func (s *Settings) subprotocolFor(w http.ResponseWriter, r *http.Request) (http.Header, error) {
	name, err := subprotocol(r.Header)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return nil, err
	}
	answer := http.Header{}
	if name != "" {
		answer.Set(headerSubprotocol, name)
	}
	return answer, nil
}

func (s *Settings) refuse(w http.ResponseWriter, status int, reason error) {
	if s.Refuse != nil {
		s.Refuse(w, status, reason)
		return
	}
	http.Error(w, reason.Error(), status)
}

// ConnectQueue connects the queue given to UpgradeFor, whose queued and later messages are written to the connection from then on.
func (c *Conn) ConnectQueue() { c.Connect(c.side.Conn) }

// WriteDirectly writes a message past the queue, blocking. It is for connections whose queue is not connected yet, and for one goroutine.
func (c *Conn) WriteDirectly(message *wsframe.Message, timeout time.Duration) error {
	if err := c.side.Conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if _, err := c.side.Conn.Write(message.Frame()); err != nil {
		return err
	}
	return c.side.Conn.SetWriteDeadline(time.Time{})
}

// CutOff closes the connection, but not the queue.
func (c *Conn) CutOff() { _ = c.side.Close() } // an error has no consequence
