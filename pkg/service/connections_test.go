package service_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/service"
)

// peerConn is the server's end of a connection from an address.
type peerConn struct {
	net.Conn
	remote net.Addr
	closed int
}

func (s *peerConn) RemoteAddr() net.Addr { return s.remote }

func (s *peerConn) Close() error {
	s.closed++
	return nil
}

func from(address string) *peerConn {
	return &peerConn{remote: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))}
}

// queue is a listener with the given connections.
type queue struct {
	net.Listener
	waiting []*peerConn
}

var errNobody = errors.New("no more connections")

func (q *queue) Accept() (net.Conn, error) {
	if len(q.waiting) == 0 {
		return nil, errNobody
	}
	first := q.waiting[0]
	q.waiting = q.waiting[1:]
	return first, nil
}

func newConnections(t *testing.T, limits service.ConnectionLimits) (*service.Connections, *prometheus.Registry, *observer.ObservedLogs) {
	t.Helper()
	core, log := observer.New(zapcore.InfoLevel)
	registry := prometheus.NewRegistry()
	connections, err := service.NewConnections(limits, zap.New(core), registry)
	if err != nil {
		t.Fatal(err)
	}
	return connections, registry, log
}

// accept makes connections from the addresses to a listener, and returns those that it accepts.
func accept(t *testing.T, connections *service.Connections, addresses ...string) (let []net.Conn) {
	t.Helper()
	all := make([]*peerConn, len(addresses))
	for i, address := range addresses {
		all[i] = from(address)
	}
	listener := connections.Limit("public", &queue{waiting: all})
	for {
		conn, err := listener.Accept()
		if errors.Is(err, errNobody) {
			break
		}
		let = append(let, conn)
	}
	refused := 0
	for _, one := range all {
		refused += one.closed
	}
	if len(let)+refused != len(all) {
		t.Errorf("of %d connections %d were let in and %d closed", len(all), len(let), refused)
	}
	return let
}

func repeat(address string, count int) []string {
	addresses := make([]string, count)
	for i := range addresses {
		addresses[i] = fmt.Sprintf(address, i)
	}
	return addresses
}

func TestConnectionsWithinTheLimits(t *testing.T) {
	proxy := netip.MustParsePrefix("10.0.0.0/8")
	for _, test := range []struct {
		name      string
		addresses []string
		want      int
	}{
		{"an IPv4 address", repeat("192.0.2.1:%d", 100), 3},
		{"one written as IPv6", repeat("[::ffff:192.0.2.1]:%d", 100), 3},
		{"the addresses of a subnet", repeat("[2001:db8::%x]:1", 100), 3},
		{"the subnets of a site", repeat("[2001:db8:0:%x::1]:1", 100), 12},
		{"sites", repeat("[2001:db8:%x::1]:1", 100), 40},
		{"addresses", repeat("192.0.2.%d:1", 100), 40},
		{"proxies", repeat("10.0.0.1:%d", 100), 40},
	} {
		t.Run(test.name, func(t *testing.T) {
			connections, registry, _ := newConnections(t, service.ConnectionLimits{Total: 40, Address: 3, Exempt: proxy.Contains})
			for range 2 { // as many come in again once the first have left
				let := accept(t, connections, test.addresses...)
				if len(let) != test.want {
					t.Errorf("%d were let in, want %d", len(let), test.want)
				}
				expectOpen(t, registry, len(let))
				for _, conn := range let {
					_ = conn.Close()
					_ = conn.Close() // a connection may be closed by several
				}
				expectOpen(t, registry, 0)
			}
		})
	}
}

func expectOpen(t *testing.T, registry *prometheus.Registry, want int) {
	t.Helper()
	text := fmt.Sprintf("# HELP atlas_service_connections Open TCP connections, by listener.\n# TYPE atlas_service_connections gauge\n"+
		"atlas_service_connections{door=\"public\"} %d\n", want)
	if err := testutil.GatherAndCompare(registry, strings.NewReader(text), "atlas_service_connections"); err != nil {
		t.Error(err)
	}
}

// All listeners of a process share the total, as they share its descriptors.
func TestDoorsShareTheLimits(t *testing.T) {
	connections, _, _ := newConnections(t, service.ConnectionLimits{Total: 2, Address: 2})
	accept(t, connections, "192.0.2.1:1", "192.0.2.2:1")
	other := connections.Limit("gRPC", &queue{waiting: []*peerConn{from("192.0.2.3:1")}})
	if _, err := other.Accept(); !errors.Is(err, errNobody) {
		t.Errorf("got %v", err)
	}
}

// Ten thousand refused connections are one line in the log, with their number.
func TestAbuseOfTheLogByRefusedConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connections, registry, log := newConnections(t, service.ConnectionLimits{Total: 1, Address: 1})
		accept(t, connections, repeat("192.0.2.1:%d", 10_001)...)
		time.Sleep(10 * time.Second)
		accept(t, connections, "192.0.2.1:1")
		var counts []any
		for _, line := range log.FilterMessageSnippet("refused").All() {
			counts = append(counts, line.ContextMap()["count"])
		}
		if fmt.Sprint(counts) != "[1 10000]" {
			t.Errorf("the log tells of %v refused, want 1 and 10000", counts)
		}
		refused, err := testutil.GatherAndCount(registry, "atlas_service_connections_refused_total")
		if err != nil || refused != 2 {
			t.Errorf("%d series of refusals, want one for each limit, %v", refused, err)
		}
	})
}

// Idle connections to the public listener do not affect the admin port.
func TestAbuseByIdleConnections(t *testing.T) {
	connections, registry, _ := newConnections(t, service.ConnectionLimits{Total: 8, Address: 4})
	listener := listen(t)
	address, stop := serveOn(t, &http.Server{Handler: http.NotFoundHandler()}, time.Minute, connections.Limit("public", listener))
	for i := range 100 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			if i < 4 {
				t.Fatal(err)
			}
			continue // it was closed while it was made
		}
		defer conn.Close()
		if i < 4 {
			continue
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("a connection too many is open")
		}
	}
	expectOpen(t, registry, 4)
	honest := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: time.Minute}
	client := &http.Client{Transport: &http.Transport{DialContext: honest.DialContext, DisableKeepAlives: true}, Timeout: time.Minute}
	response, err := client.Get("http://" + address)
	if err != nil {
		t.Fatalf("another address: %v", err)
	}
	_ = response.Body.Close()
	if err := stop(); err != nil {
		t.Error(err)
	}
	expectOpen(t, registry, 0)
}

func TestConnectionsForClientsLeaveDescriptors(t *testing.T) {
	for descriptors, want := range map[int]int{100: 50, 1024: 512, 20_000: 19_488} {
		if got := service.ConnectionsFor(descriptors); got != want {
			t.Errorf("of %d descriptors: %d, want %d", descriptors, got, want)
		}
	}
	if service.Descriptors() < 100 {
		t.Errorf("the process may have %d descriptors", service.Descriptors())
	}
}
