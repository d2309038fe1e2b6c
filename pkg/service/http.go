package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// What ServeHTTP sets where the server has no value. Bodies have no time limit here: a stream may last for days, so handlers set their own.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 75 * time.Second // more than the minute for which most proxies keep idle connections
	maxHeaderBytes    = 32 << 10
)

// Listen returns the given listener, if there is one, or a new one on a TCP address such as ":8080"; port 0 picks a free port.
func Listen(address string, given net.Listener) (net.Listener, error) {
	if given != nil {
		return given, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: %w", address, err)
	}
	return listener, nil
}

// LogListening logs the address of a listener, which is new where the setting has port 0.
func LogListening(logger *zap.Logger, name string, listener net.Listener) {
	logger.Info("listening", zap.String("listener", name), zap.Stringer("address", listener.Addr()))
}

// ServeHTTP serves until ctx ends, then refuses new connections and waits for running requests. Those that outlive the grace period are cut off, which is an
// error. Connections without a request are closed; hijacked ones are for their handler to close. It closes the listener.
func ServeHTTP(ctx context.Context, server *http.Server, listener net.Listener, grace time.Duration) error {
	setLimits(server)
	unused := trackUnusedConns(server)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving HTTP on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	defer time.AfterFunc(unusedGrace, unused.close).Stop()
	err := shutDown(ctx, server, grace)
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("stopping HTTP on %s: %w", listener.Addr(), err)
	}
	return nil
}

func setLimits(server *http.Server) {
	if server.ReadHeaderTimeout == 0 {
		server.ReadHeaderTimeout = readHeaderTimeout
	}
	if server.IdleTimeout == 0 {
		server.IdleTimeout = idleTimeout
	}
	if server.MaxHeaderBytes == 0 {
		server.MaxHeaderBytes = maxHeaderBytes
	}
}

func shutDown(ended context.Context, server *http.Server, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ended), grace)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(fmt.Errorf("requests still ran after %s and were cut off", grace), server.Close())
	}
	return err
}
