package wsconn

import (
	"github.com/gorilla/websocket"

	"atlasstream/pkg/bufferpool"
)

// maxKept is how many bytes of memory are kept for messages to come. It holds the longest that gateways take by default, in memory that has grown by doubling.
const maxKept = 256 << 10

// received are the memory of messages, for as long as they are dealt with. The memory that it takes to read a long one anew each time costs more than the
// reading.
var received = bufferpool.Pool{MaxBytes: maxKept}

// readBuffered reads messages until nothing is left in the buffer. It returns false when nothing more is to be read.
func (c *Conn) readBuffered(take func(binary bool, message []byte)) (end End, reading bool) {
	message := received.Get()
	defer received.Put(message)
	for {
		kind, reader, err := c.frames.NextReader()
		if err != nil {
			return c.end(err), false
		}
		message.Reset()
		if _, err := message.ReadFrom(reader); err != nil {
			return c.end(err), false
		}
		c.side.beginMessage()
		take(kind == websocket.BinaryMessage, message.Bytes())
		if c.buffer.Buffered() == 0 {
			return End{}, true
		}
	}
}
