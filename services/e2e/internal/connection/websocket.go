package connection

import (
	"context"
	"encoding/json"
	"net"

	"github.com/gorilla/websocket"

	"atlasstream/services/e2e/internal/sample"
)

func dialWebSocket(ctx context.Context, url string) (conn *websocket.Conn, closeConn func(), err error) {
	dialer := &websocket.Dialer{NetDialContext: dialSmallWindow, ReadBufferSize: 4 << 10}
	conn, response, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		return nil, nil, err
	}
	_ = response.Body.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, func() {
		stop()
		_ = conn.Close()
	}, nil
}

// OnWebSocket is a connection on a plain WebSocket that is open already.
func OnWebSocket(conn *websocket.Conn, closeConn func()) *Connection {
	read := func() ([]byte, error) {
		_, text, err := conn.ReadMessage()
		return text, err
	}
	return &Connection{
		Send: func(event string, parameters json.RawMessage) error {
			return conn.WriteMessage(websocket.TextMessage, sample.JSON([]any{event, parameters}))
		},
		Receive: func() (Message, error) {
			text, err := readWithTimeout(closeConn, read)
			if err != nil {
				return Message{}, err
			}
			return parseMessage(text)
		},
		Close: closeConn,
	}
}

// receiveWindow is how many bytes the kernel keeps for a client that does not read. It is small, so that the gateway soon notices, but has room for several
// segments of the loopback interface, or the gateway would wait for acknowledgements most of the time.
const receiveWindow = 256 << 10

// dialSmallWindow connects with a receive window of that size.
func dialSmallWindow(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetReadBuffer(receiveWindow)
}
