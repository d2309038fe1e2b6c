package wsconn

import (
	"errors"

	"github.com/gorilla/websocket"
)

// End is why nothing more is read from a connection.
type End struct {
	Gone  bool   // the client has closed the connection, or it broke; otherwise the client is at fault
	Code  int    // of the close frame that is the answer (RFC 6455, section 7.4)
	Words string // what the close frame says beside it
}

func (c *Conn) end(err error) End {
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, websocket.ErrReadLimit), errors.Is(err, errOverhead):
		return End{Code: websocket.CloseMessageTooBig, Words: "the message is too long"}
	case errors.As(err, &closed), c.side.failed:
		return End{Gone: true, Code: websocket.CloseNormalClosure}
	default:
		return End{Code: websocket.CloseProtocolError, Words: err.Error()}
	}
}
