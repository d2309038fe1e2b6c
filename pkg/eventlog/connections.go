package eventlog

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"atlasstream/pkg/eventlog/security"
)

// connections knows every open connection to a broker. kafka-go leaves a connection to itself when the request on it is given up, until that request's
// deadline; whoever closes the log waits for none of that.
type connections struct {
	dialer   net.Dialer
	security security.Config
	mu       sync.Mutex
	closed   bool
	open     map[*connection]struct{}
	users    sync.WaitGroup
}

// connection is what kafka-go reads from and writes to, encrypted or not.
type connection struct {
	net.Conn
	raw   net.Conn
	owner *connections
	once  sync.Once
}

func newConnections(protection security.Config) *connections {
	return &connections{dialer: net.Dialer{Timeout: 3 * time.Second}, security: protection, open: map[*connection]struct{}{}}
}

func (c *connections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := c.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	boundExchange(ctx, raw)
	conn := &connection{Conn: raw, raw: raw, owner: c}
	if err := c.add(conn); err != nil {
		_ = raw.Close()
		return nil, err
	}
	if conn.Conn, err = c.security.Wrap(ctx, raw, address); err != nil {
		conn.Conn = raw
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// boundExchange closes a connection that is not ready within the time that kafka-go has for that, as ctx says, which ends when it is. By itself, kafka-go waits
// without end for the answers of SASL.
func boundExchange(ctx context.Context, raw net.Conn) {
	context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			_ = raw.Close()
		}
	})
}

func (c *connections) add(conn *connection) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.open[conn] = struct{}{}
	c.users.Add(1)
	return nil
}

// Close is called by kafka-go's goroutine of this connection as the last thing it does.
func (c *connection) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.owner.mu.Lock()
		delete(c.owner.open, c)
		c.owner.mu.Unlock()
		c.owner.users.Done()
	})
	return err
}

// close breaks every connection, refuses new ones and waits until kafka-go has let go of all.
func (c *connections) close() {
	c.mu.Lock()
	c.closed = true
	for conn := range c.open {
		_ = conn.raw.Close()
	}
	c.mu.Unlock()
	c.users.Wait()
}
