package connection

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// OldTransports are those of Socket.IO 2, whose cursors each are of one subscription. Their connections send no heartbeats, so a gateway closes them after its
// ping interval and timeout.
var OldTransports = []Transport{
	{Name: "Socket.IO 2, WebSocket", Open: func(ctx context.Context, options Options) (*Connection, error) {
		return connectOldSocketIO(openEngineWebSocket(ctx, options.Gateway, 3))
	}},
	{Name: "Socket.IO 2, polling", Open: func(ctx context.Context, options Options) (*Connection, error) {
		return connectOldSocketIO(openEnginePolling(ctx, options.Gateway, payload3))
	}},
}

// connectOldSocketIO waits until the gateway has connected the client to the namespace.
func connectOldSocketIO(packets *packetConn, err error) (*Connection, error) {
	if err != nil {
		return nil, err
	}
	s := &socketIOClient{packetConn: packets}
	if _, err := s.await("40"); err != nil {
		s.close()
		return nil, err
	}
	return &Connection{Send: s.sendEvent, Receive: s.receive, Close: s.close}, nil
}

// payload3 has the length before each packet. It is for packets of ASCII.
var payload3 = payload{3,
	func(packet string) string { return fmt.Sprintf("%d:%s", len(packet), packet) },
	func(body string) (packets []string, err error) {
		for rest := body; rest != ""; {
			length, after, _ := strings.Cut(rest, ":")
			size, err := strconv.Atoi(length)
			if err != nil || size < 1 || size > len(after) {
				return nil, fmt.Errorf("read the payload %q", body)
			}
			packets, rest = append(packets, after[:size]), after[size:]
		}
		if len(packets) == 0 {
			return nil, fmt.Errorf("read the payload %q", body)
		}
		return packets, nil
	},
}
