package passon

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// dialTimeout leaves some of answerTimeout for the answer.
	dialTimeout = time.Second
	// idlePeers is how many connections to each peer are kept for further requests.
	idlePeers = 64
	// idleTimeout is less than that of the peer's server, which would otherwise close connections as they are used.
	idleTimeout = 30 * time.Second
	// receiveBuffer bounds what the kernel keeps of a tunnel whose client reads nothing; Linux takes twice as much.
	receiveBuffer = 64 << 10
)

// aliveness finds a peer's machine gone in half a minute where nothing is sent.
var aliveness = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

func newTransport(writeTimeout time.Duration, dials prometheus.Counter) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAliveConfig: aliveness}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Inc()
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetReadBuffer(receiveBuffer) // fails for a closed connection only
			}
			return &peerConn{conn, writeTimeout}, nil
		},
		MaxIdleConnsPerHost: idlePeers,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true,
	}
}

// peerConn is a connection to a peer that is closed if it takes nothing for too long.
type peerConn struct {
	net.Conn
	timeout time.Duration
}

func (c *peerConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Receive serves what peers pass on: requests of sessions. A peer is told at once that its request is being dealt with, as a poll may be held for long.
func Receive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("sid") == "" {
			http.Error(w, "sid: missing; only requests of sessions are passed on", http.StatusBadRequest)
			return
		}
		if r.Header.Get("Upgrade") == "" {
			w.WriteHeader(http.StatusProcessing)
		}
		next.ServeHTTP(w, r)
	})
}
