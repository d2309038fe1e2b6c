package passon

import (
	"maps"
	"net/http"
	"sync"
	"time"
)

// responseWriter writes an answer to the client, which has a time for each part of it, whatever the time limits of the HTTP server are. What the peer says
// before its answer is for this gateway only.
type responseWriter struct {
	http.ResponseWriter
	header  http.Header // apart from those that are set already, as httputil.ReverseProxy clears it
	timeout time.Duration
}

func newResponseWriter(w http.ResponseWriter, timeout time.Duration) *responseWriter {
	return &responseWriter{w, make(http.Header), timeout}
}

// Unwrap is for http.ResponseController.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Header returns the header of the answer.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader omits what is not the answer yet.
func (w *responseWriter) WriteHeader(status int) {
	if status < http.StatusOK && status != http.StatusSwitchingProtocols {
		return
	}
	maps.Copy(w.ResponseWriter.Header(), w.header)
	w.extend()
	w.ResponseWriter.WriteHeader(status)
}

func (w *responseWriter) Write(p []byte) (int, error) {
	w.extend()
	return w.ResponseWriter.Write(p)
}

func (w *responseWriter) extend() {
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.timeout)) // fails for a writer without deadlines only
}

// bodyBuffers are what answers are copied through.
type bodyBuffers struct{}

var largeBuffers = sync.Pool{New: func() any { return new([largeBuffer]byte) }}

// Get implements httputil.BufferPool.
func (bodyBuffers) Get() []byte { return largeBuffers.Get().(*[largeBuffer]byte)[:] }

// Put implements httputil.BufferPool.
func (bodyBuffers) Put(buffer []byte) { largeBuffers.Put((*[largeBuffer]byte)(buffer)) }
