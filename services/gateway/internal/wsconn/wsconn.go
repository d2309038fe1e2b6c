// Package wsconn is the server's end of a WebSocket connection: gorilla/websocket shakes hands and reads, an outbox writes. Nothing is written through
// gorilla, whose writer sends message by message. An idle connection costs the goroutine that reads from it and a read buffer of 512 bytes.
package wsconn

import (
	"errors"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/outbox"
)

// Settings are shared by all the connections of a server.
type Settings struct {
	MaxMessage  int64 // most bytes of a client's message; a longer one ends the connection with status 1009
	Limits      *outbox.Limits
	Stats       *outbox.Stats
	CheckOrigin func(*http.Request) bool // nil allows the server's own origin only
}

// Conn is a connection. Read is for one goroutine, the methods of the outbox are for any.
type Conn struct {
	*outbox.Outbox
	socket *websocket.Conn
}

// writeBuffers serve the handshake only.
var writeBuffers = &sync.Pool{}

// Upgrade shakes hands. After an error the request has been answered. The handler should return then and leave the connection to a goroutine of its
// own, which gives back what net/http keeps for a request.
func (s *Settings) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	const readBuffer, writeBuffer = 512, 512
	upgrader := websocket.Upgrader{
		ReadBufferSize:  readBuffer,
		WriteBufferSize: writeBuffer,
		WriteBufferPool: writeBuffers,
		CheckOrigin:     s.CheckOrigin,
	}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil, err
	}
	conn := &Conn{Outbox: outbox.New(socket.NetConn(), s.Limits, s.Stats), socket: socket}
	socket.SetReadLimit(s.MaxMessage)
	socket.SetPingHandler(conn.answerPing)
	socket.SetCloseHandler(conn.answerClose)
	return conn, nil
}

// OnPong has heard called when the client answers a ping.
func (c *Conn) OnPong(heard func()) {
	c.socket.SetPongHandler(func(string) error { heard(); return nil })
}

// Read waits for the client's next message. After an error there are no more. A client that broke the protocol, or sent too long a message, has been
// told so in a close frame: the one thing that gorilla still writes, past the outbox, as its connection is over anyway.
func (c *Conn) Read() (binary bool, payload []byte, err error) {
	kind, payload, err := c.socket.ReadMessage()
	return kind == websocket.BinaryMessage, payload, err
}

func (c *Conn) answerPing(data string) error {
	if err := c.Send(outbox.Pong([]byte(data))); errors.Is(err, outbox.ErrFull) {
		return err
	}
	return nil
}

func (c *Conn) answerClose(code int, _ string) error {
	if code == websocket.CloseNoStatusReceived {
		code = websocket.CloseNormalClosure
	}
	c.Finish(outbox.Close(code, ""))
	return nil
}
