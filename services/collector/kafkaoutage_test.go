package collector

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

// idleListener is a listener without connections.
type idleListener struct {
	closed chan struct{}
	close  func()
}

func newIdleListener() *idleListener {
	closed := make(chan struct{})
	return &idleListener{closed, sync.OnceFunc(func() { close(closed) })}
}

func (u *idleListener) Accept() (net.Conn, error) { <-u.closed; return nil, net.ErrClosed }
func (u *idleListener) Close() error              { u.close(); return nil }
func (u *idleListener) Addr() net.Addr            { return &net.UnixAddr{Name: "idleListener", Net: "pipe"} }

// An unreachable Kafka is logged once.
func TestKafkaOutageIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, log := observer.New(zap.WarnLevel)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- Run(ctx, Config{
				Kafka: []string{"127.0.0.1:1"}, Listener: newIdleListener(), GRPCListener: newIdleListener(), AdminListener: newIdleListener(), Logger: zap.New(core),
			})
		}()
		time.Sleep(time.Minute)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if logged := log.FilterMessageSnippet("Kafka, or a topic in it, cannot be used").Len(); logged != 1 {
			t.Errorf("it was logged %d times: %v", logged, log.All())
		}
	})
}
