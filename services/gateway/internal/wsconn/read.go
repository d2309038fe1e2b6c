package wsconn

import (
	"errors"
	"io"
	"sync"

	"github.com/gorilla/websocket"

	"atlasstream/pkg/bufferpool"
	"atlasstream/services/gateway/internal/wsframe"
)

// maxKeptBytes is the largest buffer that is reused. It holds the longest message that gateways accept by default, after growing by doubling.
const maxKeptBytes = 256 << 10

// messageBuffers are reused for messages. Allocating one for each long message would cost more than the
// reading.
var messageBuffers = bufferpool.Pool{MaxBytes: maxKeptBytes}

// readBuffered reads messages until the buffer is empty. It returns false at the end of the connection.
func (c *Conn) readBuffered(take func(binary bool, message []byte)) (end End, reading bool) {
	message := messageBuffers.Get()
	defer messageBuffers.Put(message)
	for {
		kind, reader, err := c.frames.NextReader()
		if err != nil {
			return c.endOf(err), false
		}
		message.Reset()
		if _, err := message.ReadFrom(reader); err != nil {
			return c.endOf(err), false
		}
		c.side.resetCount()
		take(kind == websocket.BinaryMessage, message.Bytes())
		if c.buffer.Buffered() == 0 {
			return End{}, true
		}
	}
}

// End is why nothing more is read from a connection.
type End struct {
	Gone bool   // the client has closed the connection, or it failed; otherwise the client violated the protocol
	Code int    // of the close frame to send (RFC 6455, section 7.4)
	Text string // of the close frame
}

func (c *Conn) endOf(err error) End {
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, websocket.ErrReadLimit), errors.Is(err, errOverhead):
		return End{Code: websocket.CloseMessageTooBig, Text: "the message is too long"}
	case errors.As(err, &closed), c.side.failed:
		return End{Gone: true, Code: websocket.CloseNormalClosure}
	default:
		return End{Code: websocket.CloseProtocolError, Text: err.Error()}
	}
}

// ReadAll calls take for every message, whose bytes are valid until take returns, and returns why the connection ended. The caller then
// sends the close frame. It first calls admits for each message, ping and pong, with the size of its payload, and drops it if that returns false.
//
// Handling a message needs more stack than waiting for it, and a stack that has grown hardly shrinks again: so messages have short-lived
// goroutines, and the one that waits stays at 2 KiB.
func (c *Conn) ReadAll(admits func(size int) bool, take func(binary bool, message []byte)) End {
	c.countControl(admits)
	c.side.resetCount()
	counted := func(binary bool, message []byte) {
		if admits(len(message)) {
			take(binary, message)
		}
	}
	for {
		_, _ = c.buffer.Peek(1) // waits; an error is returned again when reading
		var turn sync.WaitGroup
		var end End
		var reading bool
		turn.Go(func() { end, reading = c.readBuffered(counted) })
		turn.Wait()
		if !reading {
			return end
		}
	}
}

// countControl answers pings and counts pongs. They may come between the frames of a message.
func (c *Conn) countControl(admits func(size int) bool) {
	c.frames.SetPingHandler(func(data string) error {
		c.side.resetCount()
		if admits(len(data)) {
			return c.answerPing(data)
		}
		return nil
	})
	c.frames.SetPongHandler(func(data string) error {
		c.side.resetCount()
		_ = admits(len(data)) // only to count it
		return nil
	})
}

// answerPing drops the pong if the queue is full.
func (c *Conn) answerPing(data string) error {
	_ = c.Send(wsframe.Pong([]byte(data)))
	return nil
}

// Drain continues to read after the end, until the queue closes the connection: closing a socket with unread bytes could discard what was sent last.
func (c *Conn) Drain() { _, _ = io.Copy(io.Discard, c.side.Conn) }
