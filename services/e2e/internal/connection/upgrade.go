package connection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
)

// Upgrading begins with polling and moves to a WebSocket at once, as socket.io-client does by default. It is not among Transports, whose tests it would repeat.
var Upgrading = Transport{Name: "Socket.IO, upgrade", Open: openUpgrading, SocketIO: true}

func openUpgrading(ctx context.Context, options Options) (*Connection, error) {
	session, err := openPollingSession(ctx, options.Gateway, payload4)
	if err != nil {
		return nil, err
	}
	defer session.close()
	packets, err := session.upgrade(ctx, cmp.Or(options.UpgradeAt, options.Gateway))
	if err != nil {
		return nil, err
	}
	return connectSocketIO(packets, options)
}

// upgrade moves the session to a WebSocket: 2probe is answered by 3probe, and 5 moves it. No poll waits meanwhile that would have to end before.
func (s *pollingSession) upgrade(ctx context.Context, gateway string) (*packetConn, error) {
	_, query, _ := strings.Cut(s.url, "?")
	query = strings.Replace(query, "transport=polling", "transport=websocket", 1)
	conn, closeConn, err := dialWebSocket(ctx, fmt.Sprintf("ws://%s/stream/socket.io/?%s", gateway, query))
	if err != nil {
		return nil, err
	}
	packets := packetsOn(conn, closeConn)
	if err := errors.Join(packets.send("2probe"), packets.expect("3probe"), packets.send("5")); err != nil {
		closeConn()
		return nil, err
	}
	return packets, nil
}

func (c *packetConn) expect(want string) error {
	read, err := readWithTimeout(c.close, c.read)
	if err == nil && read[0] != want {
		err = fmt.Errorf("read %q, want %q", read, want)
	}
	return err
}
