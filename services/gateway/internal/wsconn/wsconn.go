// Package wsconn is the server's end of a WebSocket connection: gorilla/websocket shakes hands and reads, a queue writes. Nothing is written through
// gorilla, whose writer sends message by message. An idle connection costs the goroutine that reads from it and a read buffer of 288 bytes.
package wsconn

import (
	"bufio"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
)

// Settings are shared by all the connections of a server.
type Settings struct {
	MaxMessage       int64         // most bytes of a client's message; a longer one ends the connection with status 1009
	HandshakeTimeout time.Duration // for the answer to the handshake
	Limits           *sendqueue.Limits
	Stats            *sendqueue.Stats
	// Refuse answers a request that is no handshake; nil answers in plain text.
	Refuse func(w http.ResponseWriter, status int, reason error)
}

// Conn is a connection. ReadAll and what it calls are for one goroutine, the methods of the queue are for any.
type Conn struct {
	*sendqueue.Queue
	frames *websocket.Conn
	side   *readSide
	buffer *bufio.Reader // between the two
}

// writeBuffers serve the handshakes only.
var writeBuffers = &sync.Pool{}

// Upgrade shakes hands. After an error the request has been answered. The handler should return then and leave the connection to a goroutine of its
// own, which gives back what net/http keeps for a request.
func (s *Settings) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	conn, err := s.UpgradeFor(nil, w, r)
	if err != nil {
		return nil, err
	}
	conn.Queue = sendqueue.New(conn.side.Conn, s.Limits, s.Stats)
	return conn, nil
}

// UpgradeFor is Upgrade for a detached queue, which stays so until Conn.Attach.
func (s *Settings) UpgradeFor(detached *sendqueue.Queue, w http.ResponseWriter, r *http.Request) (*Conn, error) {
	answer, err := s.subprotocolFor(w, r)
	if err != nil {
		return nil, err
	}
	upgrader := websocket.Upgrader{
		HandshakeTimeout: s.HandshakeTimeout,
		WriteBufferPool:  writeBuffers,
		CheckOrigin:      func(*http.Request) bool { return true }, // cors has had its say
		Error:            func(w http.ResponseWriter, _ *http.Request, status int, reason error) { s.refuse(w, status, reason) },
	}
	hijacker := &readSideHijacker{ResponseWriter: w}
	frames, err := upgrader.Upgrade(hijacker, r, answer)
	if err != nil {
		return nil, err
	}
	hijacker.side.muted, hijacker.side.most = true, frameOverhead(s.MaxMessage)
	conn := &Conn{Queue: detached, frames: frames, side: hijacker.side, buffer: hijacker.buffer}
	frames.SetReadLimit(s.MaxMessage)
	frames.SetCloseHandler(func(int, string) error { return nil }) // it ends the reading, and whoever reads answers
	return conn, nil
}

// frameOverhead is what a message of so many bytes may take with its frames: as much again, and some frames that are small.
func frameOverhead(maxMessage int64) int { return 2*int(maxMessage) + 4096 }

// subprotocolFor is the header of the answer to a handshake, or an error that has been answered.
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

// answerPing drops the answer if the queue is full: then more than a pong is amiss.
func (c *Conn) answerPing(data string) error {
	_ = c.Send(sendqueue.Pong([]byte(data)))
	return nil
}

// ReadAll hands over every message, whose bytes are valid until take returns, until the connection fails or ends, and tells why it did. Whoever calls it then
// sends the close frame. Admits is asked first about each message, ping and pong, with the bytes of its payload: what it does not admit is dropped.
//
// What a message sets off needs more stack than waiting for it, and a stack that has grown hardly shrinks again: so messages have short-lived
// goroutines, and the one that waits stays at 2 KiB.
func (c *Conn) ReadAll(admits func(size int) bool, take func(binary bool, message []byte)) (end End) {
	c.countControl(admits)
	c.side.beginMessage()
	counted := func(binary bool, message []byte) {
		if admits(len(message)) {
			take(binary, message)
		}
	}
	for reading := true; reading; {
		_, _ = c.buffer.Peek(1) // waits; an error is met again by the reading
		var turn sync.WaitGroup
		turn.Go(func() { end, reading = c.readBuffered(counted) })
		turn.Wait()
	}
	return end
}

// countControl has pings answered and pongs counted. They may stand between the frames of a message.
func (c *Conn) countControl(admits func(size int) bool) {
	c.frames.SetPingHandler(func(data string) error {
		c.side.beginMessage()
		if admits(len(data)) {
			return c.answerPing(data)
		}
		return nil
	})
	c.frames.SetPongHandler(func(data string) error {
		c.side.beginMessage()
		_ = admits(len(data)) // nothing follows from it
		return nil
	})
}

// Drain reads on after the end, as long as the queue lets it: closing a socket that holds unread bytes could destroy what was sent last.
func (c *Conn) Drain() { _, _ = io.Copy(io.Discard, c.side.Conn) }
