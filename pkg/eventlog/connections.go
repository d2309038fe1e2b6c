package eventlog

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"atlasstream/pkg/eventlog/security"

	"github.com/prometheus/client_golang/prometheus"
)

// connections holds every open connection to a broker. When a request is cancelled, kafka-go keeps its connection open until the deadline of the
// request; closing the log does not wait for that.
type connections struct {
	dialer   net.Dialer
	security security.Config
	times    *requestTimes
	count    prometheus.Gauge // of those that are open
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
	timer requestTimer
	once  sync.Once
}

func newConnections(protection security.Config, metrics *metrics) *connections {
	return &connections{
		dialer: net.Dialer{Timeout: 3 * time.Second}, security: protection, times: metrics.requestTimes, count: metrics.connections,
		open: map[*connection]struct{}{},
	}
}

func (c *connections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := c.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	boundExchange(ctx, raw)
	conn := &connection{Conn: raw, raw: raw, owner: c, timer: c.times.begin(address)}
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

// boundExchange closes a connection that is not ready by the deadline of ctx, which ends once it is. By itself, kafka-go waits for the responses of SASL
// without a deadline.
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
	c.count.Inc()
	c.users.Add(1)
	return nil
}

// Write writes what kafka-go has encoded: a request, or a further part of it.
func (c *connection) Write(bytes []byte) (int, error) {
	c.timer.writing(bytes)
	return c.Conn.Write(bytes)
}

// Read reads a part of a response.
func (c *connection) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	if n > 0 {
		c.timer.answered()
	}
	return n, err
}

// Close is the last call of kafka-go's goroutine for this connection.
func (c *connection) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.owner.mu.Lock()
		delete(c.owner.open, c)
		c.owner.count.Dec()
		c.owner.mu.Unlock()
		c.owner.users.Done()
	})
	return err
}

// close closes every connection, refuses new ones and waits until kafka-go has released all.
func (c *connections) close() {
	c.mu.Lock()
	c.closed = true
	for conn := range c.open {
		_ = conn.raw.Close()
	}
	c.mu.Unlock()
	c.users.Wait()
}
