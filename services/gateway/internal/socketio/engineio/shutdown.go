package engineio

import (
	"context"
	"maps"
	"slices"

	"atlasstream/services/gateway/internal/outbox"
)

// Shutdown refuses newcomers, sends what waits and the last packets to every client, and returns when all sessions and their goroutines have ended.
// When ctx ends first, it closes the connections that are left, waits for conversations that are busy, and returns the context's error.
func (s *Server) Shutdown(ctx context.Context, last ...*outbox.Message) error {
	for _, session := range s.refuseNewcomers() {
		session.Close(endShutdown, last...)
	}
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	for _, session := range s.refuseNewcomers() {
		session.out.Close()
	}
	<-ended
	return ctx.Err()
}

// refuseNewcomers returns the sessions that there are.
func (s *Server) refuseNewcomers() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	return slices.Collect(maps.Values(s.sessions))
}
