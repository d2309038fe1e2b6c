package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ending is how a client vanishes.
type ending int

const (
	closes ending = iota // its connections are closed, but nothing is said on them
	resets
	fallsSilent // its connections stay
	endings     = iota
)

// stay is what a client is while it is there.
type stay struct {
	gateway     string
	measurement int
	heard       *atomic.Int64
	end         ending

	mu       sync.Mutex
	conns    []*net.TCPConn
	vanished bool
}

// thread is a connection that knows no time but the end of the stay: a library that lifts its own deadline would lift that too.
type thread struct{ *net.TCPConn }

func (thread) SetDeadline(time.Time) error      { return nil }
func (thread) SetReadDeadline(time.Time) error  { return nil }
func (thread) SetWriteDeadline(time.Time) error { return nil }

func (s *stay) subscription() string {
	return fmt.Sprintf(`["atlas_subscribe",{"stream_type":"result","msm":%d}]`, s.measurement)
}

func (s *stay) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialled, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := dialled.(*net.TCPConn)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vanished {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	s.conns = append(s.conns, conn)
	return thread{conn}, nil
}

// vanish ends the stay in its way. Whatever reads or writes fails from then on.
func (s *stay) vanish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vanished = true
	for _, conn := range s.conns {
		switch s.end {
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

// forget closes what a silent client has left open.
func (s *stay) forget() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
}
