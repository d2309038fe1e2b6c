package service

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"atlasstream/pkg/clientip"
)

// refusalInterval is how often refused connections are logged, so that a client that opens thousands does not fill a disk.
const refusalInterval = 10 * time.Second

// Connections counts connections from accept to close, whatever they are used for.
type Connections struct {
	count   *ConnectionCount
	logger  *zap.Logger
	metrics *connectionMetrics

	mu      sync.Mutex
	refused int       // since the last log message
	logged  time.Time // when that was written
}

// NewConnections returns the count that the listeners of a service share. The registerer may be nil, or have the metrics of another service in the same
// process.
func NewConnections(limits ConnectionLimits, logger *zap.Logger, registerer prometheus.Registerer) (*Connections, error) {
	metrics, err := newConnectionMetrics(registerer)
	logger.Info("limits of connections", zap.Int("total", limits.Total), zap.Int("of_address", limits.Address), zap.Int("descriptors", Descriptors()))
	return &Connections{count: NewConnectionCount(limits), logger: logger, metrics: metrics}, err
}

// Limit returns a listener with the connections of another one that are within the limits. The name is that of logs and of the metrics' label "door".
func (c *Connections) Limit(name string, listener net.Listener) net.Listener {
	for _, limit := range []string{LimitTotal, LimitAddress} {
		c.metrics.refused.WithLabelValues(name, limit) // so that the first refusal shows as an increase
	}
	return &limitedListener{Listener: listener, name: name, connections: c, open: c.metrics.open.WithLabelValues(name)}
}

type limitedListener struct {
	net.Listener
	name        string
	connections *Connections
	open        prometheus.Gauge
}

// Accept returns the next connection within the limits, and closes those beyond.
func (d *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		limit := d.connections.count.Add(addressOf(conn))
		if limit == WithinLimits {
			d.open.Inc()
			return d.counted(conn), nil
		}
		d.connections.refuse(d.name, conn, limit)
	}
}

// counted keeps the type of a TCP connection, as net.Buffers writes several buffers at once to no other.
func (d *limitedListener) counted(conn net.Conn) net.Conn {
	if tcp, ok := conn.(*net.TCPConn); ok {
		boundSending(tcp)
		return &countedTCP{TCPConn: tcp, counting: counting{listener: d}}
	}
	return &countedConn{Conn: conn, counting: counting{listener: d}}
}

// counting is that of one connection, until it is closed for the first time. There may be very many, so it has no function of its own.
type counting struct {
	listener *limitedListener
	ended    atomic.Bool
}

func (c *counting) end(conn net.Conn) {
	if !c.ended.Swap(true) {
		c.listener.open.Dec()
		c.listener.connections.count.Remove(addressOf(conn))
	}
}

type countedTCP struct {
	*net.TCPConn
	counting
}

// Close stops counting the connection, once its descriptor is free.
func (c *countedTCP) Close() error {
	defer c.end(c.TCPConn)
	return c.TCPConn.Close()
}

type countedConn struct {
	net.Conn
	counting
}

// Close is like that of countedTCP.
func (c *countedConn) Close() error {
	defer c.end(c.Conn)
	return c.Conn.Close()
}

// addressOf is the zero address if the other end has none. It stays the same once the connection is closed.
func addressOf(conn net.Conn) netip.Addr {
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return clientip.Plain(tcp.AddrPort().Addr())
	}
	return netip.Addr{}
}

// refuse closes a connection at once, without lingering, so that the kernel keeps nothing of it.
func (c *Connections) refuse(listener string, conn net.Conn, limit string) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails only for a closed connection
	}
	remote := conn.RemoteAddr()
	_ = conn.Close() // an error needs no action
	c.metrics.refused.WithLabelValues(listener, limit).Inc()
	if count := c.countRefused(); count > 0 {
		c.logger.Warn("connections refused: the limit is reached; raise --max-connections or --address-connections if clients need more",
			zap.Int("count", count), zap.String("listener", listener),
			zap.String("limit", limit), zap.Stringer("last", remote), zap.Int("of_address", c.count.limits.Address), zap.Int("total", c.count.limits.Total))
	}
}

// countRefused counts one more, and returns how many to log if none were logged for the interval; else 0.
func (c *Connections) countRefused() (count int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused++
	if time.Since(c.logged) < refusalInterval {
		return 0
	}
	count, c.refused, c.logged = c.refused, 0, time.Now()
	return count
}

// reservedDescriptors are for the admin port, connections to Kafka and files. A process that may open few descriptors reserves half.
const reservedDescriptors = 512

// maxAddressConnections suffices for a large office behind one address.
const maxAddressConnections = 1000

// AddressConnectionsFor returns the default limit for one address, given the limit of all connections: most are for others.
func AddressConnectionsFor(connections int) int {
	const share = 16
	return min(maxAddressConnections, max(1, connections/share))
}

// ConnectionsFor returns how many connections of clients that many descriptors suffice for, besides the admin port and Kafka.
func ConnectionsFor(descriptors int) int {
	return descriptors - min(reservedDescriptors, descriptors/2)
}

const (
	// maxUnsent is how many unsent bytes of a connection the kernel keeps: more do not help a client that reads, and no limit of a service would see those of one
	// that does not.
	maxUnsent = 32 << 10
	// sendBuffer is how many bytes of a connection the kernel keeps, sent or not. Linux takes twice as much memory, for its own administration too, and would take
	// up to 4 MiB by itself. A client gets as much within a round trip at most.
	sendBuffer = 64 << 10
)

// boundSending makes writes block while maxUnsent bytes are not sent (TCP_NOTSENT_LOWAT, tcp(7)), or sendBuffer bytes not acknowledged.
func boundSending(conn *net.TCPConn) {
	_ = conn.SetWriteBuffer(sendBuffer) // fails for a closed connection only, as what follows
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(descriptor uintptr) {
		_ = unix.SetsockoptInt(int(descriptor), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxUnsent) // an error leaves the limits of the system
	})
}
