package matrix

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// departure is how a client vanishes.
type departure int

const (
	closes departure = iota // its connections are closed without a message
	resets
	fallsSilent // its connections stay open
	departures  = iota
)

// churnClient is one connected client.
type churnClient struct {
	gateway     string
	measurement int
	received    *atomic.Int64
	departure   departure

	mu       sync.Mutex
	conns    []*net.TCPConn
	vanished bool
}

// noDeadlineConn ignores deadlines that libraries set, as vanish sets one that must last.
type noDeadlineConn struct{ *net.TCPConn }

func (noDeadlineConn) SetDeadline(time.Time) error { return nil }

func (noDeadlineConn) SetReadDeadline(time.Time) error { return nil }

func (noDeadlineConn) SetWriteDeadline(time.Time) error { return nil }

func (c *churnClient) subscription() string {
	return fmt.Sprintf(`["atlas_subscribe",{"stream_type":"result","msm":%d}]`, c.measurement)
}

func (c *churnClient) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialled, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := dialled.(*net.TCPConn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.vanished {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	c.conns = append(c.conns, conn)
	return noDeadlineConn{conn}, nil
}

// vanish lets the client depart. Reads and writes of its connections fail from then on.
func (c *churnClient) vanish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.vanished = true
	for _, conn := range c.conns {
		switch c.departure {
		case closes:
			_ = conn.Close()
		case resets:
			_ = conn.SetLinger(0)
			_ = conn.Close()
		default:
			_ = conn.SetDeadline(time.Unix(1, 0))
		}
	}
}

// closeAll closes the connections that a silent client has left open.
func (c *churnClient) closeAll() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}
