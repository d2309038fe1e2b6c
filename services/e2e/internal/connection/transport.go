package connection

import "context"

// Transport is a way to stream from a gateway. Every one of them hands out cursors.
type Transport struct {
	Name            string
	Open            func(context.Context, Options) (*Connection, error)
	SubscribesByURL bool // the URL is the subscription
	SocketIO        bool // PID and offset recover a connection
	AlwaysCursor    bool // messages have a cursor even if the subscription asks for none
}

// Transports are all of them.
var Transports = []Transport{
	{Name: "WebSocket", Open: openWebSocket},
	{Name: "GET", Open: openLines, SubscribesByURL: true},
	{Name: "Server-Sent Events", Open: OpenEvents, SubscribesByURL: true, AlwaysCursor: true},
	{Name: "Socket.IO, WebSocket", Open: openSocketIO, SocketIO: true},
	{Name: "Socket.IO, polling", Open: openPolling, SocketIO: true},
}

// Transports of tests that need only one.
var (
	WebSocket = Transports[0]
	SocketIO  = Transports[3]
)

// openWebSocket opens a plain WebSocket.
func openWebSocket(ctx context.Context, options Options) (*Connection, error) {
	conn, shut, err := dialWebSocket(ctx, "ws://"+options.Gateway+"/stream/")
	if err != nil {
		return nil, err
	}
	return OnWebSocket(conn, shut), nil
}

// openSocketIO opens Socket.IO on a WebSocket.
func openSocketIO(ctx context.Context, options Options) (*Connection, error) {
	packets, err := openEngineWebSocket(ctx, options.Gateway, 4)
	if err != nil {
		return nil, err
	}
	return connectSocketIO(packets, options)
}

// openPolling opens Socket.IO by polling.
func openPolling(ctx context.Context, options Options) (*Connection, error) {
	packets, err := openEnginePolling(ctx, options.Gateway, payload4)
	if err != nil {
		return nil, err
	}
	return connectSocketIO(packets, options)
}
