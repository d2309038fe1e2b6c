package ingest

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

type closingKey struct{}

// ConnContext is that of an http.Server: it notes when a connection is to be closed, so that a busy source does not stay with one collector for ever. The age
// varies by a tenth, as gRPC's does, so that the connections of a moment do not all come back in one.
func (h *HTTP) ConnContext(ctx context.Context, _ net.Conn) context.Context {
	if h.limits.ConnectionAge == 0 {
		return ctx
	}
	age := time.Duration(float64(h.limits.ConnectionAge) * (0.9 + 0.2*rand.Float64()))
	return context.WithValue(ctx, closingKey{}, time.Now().Add(age))
}

// closeIfOld closes the connection after this answer if it is old. Over HTTP/2, net/http sends GOAWAY for this header and lets other requests end.
func closeIfOld(w http.ResponseWriter, r *http.Request) {
	if at, ok := r.Context().Value(closingKey{}).(time.Time); ok && time.Now().After(at) {
		w.Header().Set("Connection", "close")
	}
}
