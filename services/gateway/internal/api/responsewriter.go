package api

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// responseWriter is an answer that is being written. It notes its status.
type responseWriter struct {
	http.ResponseWriter
	status int

	mu     sync.Mutex
	closed bool // it is written, or cut off: no deadline may be set any more
}

// WriteHeader implements http.ResponseWriter.
func (a *responseWriter) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *responseWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// extendDeadline gives so much time for the next piece.
func (a *responseWriter) extendDeadline(timeout time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return net.ErrClosed
	}
	return http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(timeout))
}

// abort makes a write fail that waits for the client.
func (a *responseWriter) abort() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.closed = true
		_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now()) // a connection that has none is gone
	}
}

func (a *responseWriter) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
}
