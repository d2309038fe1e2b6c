package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"time"
)

// protocol is how one subscribes and is heard to be alive.
type protocol struct {
	path     string
	greeting []exchange // before the subscription
	event    string     // prefix of an event's array
	pings    bool       // the client sends pings
	pinged   bool       // the server sends pings
}

// exchange is what a client says, if anything, and how the answer to it begins.
type exchange struct{ say, answer string }

var protocols = map[string]protocol{
	"websocket": {path: "/stream/"},
	"engineio3": {path: "/stream/socket.io/?EIO=3&transport=websocket", greeting: []exchange{{"", "0{"}, {"", "40"}}, event: "42", pings: true},
	"engineio4": {path: "/stream/socket.io/?EIO=4&transport=websocket", greeting: []exchange{{"", "0{"}, {"40", "40{"}}, event: "42", pinged: true},
}

// leastReadBuffer is what the kernel holds for a client that does not read, in bytes.
const leastReadBuffer = 4 << 10

// dial connects and subscribes with the parameters. The kernel holds little for a client that is to stall.
func dial(ctx context.Context, address string, protocol protocol, parameters string, stalls bool) (*client, error) {
	dialer := net.Dialer{Timeout: handshakeTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if stalls {
		_ = conn.(*net.TCPConn).SetReadBuffer(leastReadBuffer) // fails for a closed connection only
	}
	client := &client{connection: newConnection(conn), protocol: protocol, lastBeat: time.Now()}
	if err := client.subscribe(address, parameters); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return client, nil
}

func (c *client) subscribe(host, parameters string) error {
	if err := c.conn.SetDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return err
	}
	if err := c.upgrade(host, c.protocol.path); err != nil {
		return err
	}
	subscribe := exchange{
		say:    fmt.Sprintf(`%s["atlas_subscribe",%s]`, c.protocol.event, parameters),
		answer: c.protocol.event + `["atlas_subscribed",`,
	}
	for _, step := range append(slices.Clip(c.protocol.greeting), subscribe) {
		if err := c.exchange(step); err != nil {
			return err
		}
	}
	return c.conn.SetDeadline(time.Time{})
}

func (c *client) exchange(step exchange) error {
	if step.say != "" {
		if err := c.write(opcodeText, step.say); err != nil {
			return err
		}
	}
	answer, err := c.next()
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", step.answer, err)
	}
	if !bytes.HasPrefix(answer, []byte(step.answer)) {
		return fmt.Errorf("got %.80q, want %s…", answer, step.answer)
	}
	return nil
}
