package api

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// answering is an answer that is being written. It notes its status.
type answering struct {
	http.ResponseWriter
	status int

	mu   sync.Mutex
	over bool // it is written, or cut off: no deadline may be set any more
}

// WriteHeader implements http.ResponseWriter.
func (a *answering) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// allowTime gives so much time for the next piece.
func (a *answering) allowTime(timeout time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return net.ErrClosed
	}
	return http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(timeout))
}

// cutOff makes a write fail that waits for the client.
func (a *answering) cutOff() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.over {
		a.over = true
		_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now()) // a connection that has none is gone
	}
}

func (a *answering) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
}
