package gateway

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// unvisited is a listener without connections.
type unvisited struct {
	closed chan struct{}
	close  func()
}

func newUnvisited() *unvisited {
	closed := make(chan struct{})
	return &unvisited{closed, sync.OnceFunc(func() { close(closed) })}
}

func (u *unvisited) Accept() (net.Conn, error) { <-u.closed; return nil, net.ErrClosed }
func (u *unvisited) Close() error              { u.close(); return nil }
func (u *unvisited) Addr() net.Addr            { return &net.UnixAddr{Name: "unvisited", Net: "pipe"} }

// An address of Kafka at which nobody answers shows in the log.
func TestAbsenceOfKafkaIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, log := observer.New(zap.WarnLevel)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- Run(ctx, Config{Kafka: []string{"127.0.0.1:1"}, Listener: newUnvisited(), AdminListener: newUnvisited(), Logger: zap.New(core)})
		}()
		time.Sleep(time.Minute)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if told := log.FilterMessageSnippet("Kafka, or a topic in it, cannot be used").Len(); told != 1 {
			t.Errorf("it was told %d times: %v", told, log.All())
		}
	})
}
