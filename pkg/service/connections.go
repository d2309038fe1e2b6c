package service

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/clientip"
)

// refusalInterval is how often refused connections are logged: whoever opens thousands shall not fill a disk.
const refusalInterval = 10 * time.Second

// ConnectionLimits bound the connections that the doors of a service have open at once. What comes beyond is closed as it is accepted, without an answer.
type ConnectionLimits struct {
	Total   int                   // over all doors
	Address int                   // of one address, as clientip.Networks has them
	Exempt  func(netip.Addr) bool // addresses that count in the total only, as many clients come from there; none if nil
}

// Connections counts connections from their acceptance until they are closed, whatever becomes of them meanwhile: idle ones, requests, WebSockets.
type Connections struct {
	limits  ConnectionLimits
	logger  *zap.Logger
	metrics *connectionMetrics

	mu       sync.Mutex
	total    int
	networks map[netip.Prefix]int
	refused  int       // since the log told of it
	told     time.Time // when it last did
}

// The limits that a connection may be beyond, as logs and metrics have them.
const (
	withinLimits = ""
	limitTotal   = "total"
	limitAddress = "address"
)

// NewConnections makes the count that the doors of a service share. The registerer may be nil, or have the metrics of another service in the same process.
func NewConnections(limits ConnectionLimits, logger *zap.Logger, registerer prometheus.Registerer) (*Connections, error) {
	metrics, err := newConnectionMetrics(registerer)
	logger.Info("connections are bounded", zap.Int("total", limits.Total), zap.Int("of_address", limits.Address), zap.Int("descriptors", Descriptors()))
	return &Connections{
		limits:   limits,
		logger:   logger,
		metrics:  metrics,
		networks: make(map[netip.Prefix]int),
	}, err
}

// Door gives a listener that has the connections of another one, within the limits. The name stands in logs and metrics.
func (c *Connections) Door(name string, listener net.Listener) net.Listener {
	return &door{Listener: listener, name: name, connections: c, open: c.metrics.open.WithLabelValues(name)}
}

type door struct {
	net.Listener
	name        string
	connections *Connections
	open        prometheus.Gauge
}

// Accept closes what is beyond the limits, and returns the next connection that is within.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := addressOf(conn)
		limit := d.connections.enter(address)
		if limit == withinLimits {
			d.open.Inc()
			return d.counted(conn, address), nil
		}
		d.connections.refuse(d.name, conn, limit)
	}
}

// counted keeps a TCP connection what it is for net.Buffers, which writes several buffers at once to nothing else.
func (d *door) counted(conn net.Conn, address netip.Addr) net.Conn {
	leave := sync.OnceFunc(func() {
		d.open.Dec()
		d.connections.leave(address)
	})
	if tcp, ok := conn.(*net.TCPConn); ok {
		boundUnsent(tcp)
		return &countedTCP{tcp, leave}
	}
	return &countedConn{conn, leave}
}

type countedTCP struct {
	*net.TCPConn
	leave func()
}

// Close gives the connection's place to another one, once its descriptor is free.
func (c *countedTCP) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}

type countedConn struct {
	net.Conn
	leave func()
}

// Close is that of countedTCP.
func (c *countedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// addressOf is the zero address where the other end has none.
func addressOf(conn net.Conn) netip.Addr {
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return clientip.Plain(tcp.AddrPort().Addr())
	}
	return netip.Addr{}
}

// enter counts a connection, or tells which limit it is beyond.
func (c *Connections) enter(address netip.Addr) (limit string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total >= c.limits.Total {
		return limitTotal
	}
	networks := c.counted(address)
	for _, network := range networks {
		if c.networks[network.Prefix] >= c.limits.Address*network.Factor {
			return limitAddress
		}
	}
	c.total++
	for _, network := range networks {
		c.networks[network.Prefix]++
	}
	return withinLimits
}

func (c *Connections) leave(address netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	for _, network := range c.counted(address) {
		if c.networks[network.Prefix]--; c.networks[network.Prefix] == 0 {
			delete(c.networks, network.Prefix)
		}
	}
}

// counted are the networks in which the connections of an address are counted.
func (c *Connections) counted(address netip.Addr) []clientip.Network {
	if c.limits.Exempt != nil && c.limits.Exempt(address) {
		return nil
	}
	return clientip.Networks(address)
}

// refuse closes a connection at once: without lingering, so that the kernel forgets it too.
func (c *Connections) refuse(door string, conn net.Conn, limit string) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails for a connection that is gone
	}
	remote := conn.RemoteAddr()
	_ = conn.Close() // nothing is to be done about a connection that fails to close
	c.metrics.refused.WithLabelValues(door, limit).Inc()
	if count := c.countRefused(); count > 0 {
		c.logger.Warn("connections refused: there are as many as may be", zap.Int("count", count), zap.String("door", door),
			zap.String("limit", limit), zap.Stringer("last", remote), zap.Int("of_address", c.limits.Address), zap.Int("total", c.limits.Total))
	}
}

// countRefused counts one more, and gives how many there are to tell of when the log has told of none for a while; else 0.
func (c *Connections) countRefused() (tell int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused++
	if time.Since(c.told) < refusalInterval {
		return 0
	}
	tell, c.refused, c.told = c.refused, 0, time.Now()
	return tell
}
