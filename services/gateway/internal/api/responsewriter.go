package api

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// responseWriter is an http.ResponseWriter that notes its status and whose writes can be aborted.
type responseWriter struct {
	http.ResponseWriter
	status int

	mu     sync.Mutex
	closed bool // no deadline may be set any more
}

// WriteHeader implements http.ResponseWriter.
func (a *responseWriter) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *responseWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// extendDeadline sets the timeout of the next write.
func (a *responseWriter) extendDeadline(timeout time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return net.ErrClosed
	}
	return http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(timeout))
}

// abort makes a blocked write fail.
func (a *responseWriter) abort() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.closed = true
		_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now()) // without deadlines, the connection is gone
	}
}

func (a *responseWriter) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
}
