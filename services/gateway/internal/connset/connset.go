// Package connset knows who is connected to a server: how many there may be, who is there, and when all are gone.
package connset

import (
	"context"
	"errors"
	"sync"
)

// The reasons for which a register lets nobody in.
var (
	ErrClosed = errors.New("the server is shutting down")
	ErrFull   = errors.New("the server has as many sessions as it may have")
	ErrTaken  = errors.New("there is a session with this key")
)

// Register holds the sessions of a server by their keys. Its methods may be called from any goroutine.
type Register[K comparable, S any] struct {
	limit int

	mu       sync.Mutex
	closed   bool
	sessions map[K]*S // nil for those that have entered and are not open yet
	present  sync.WaitGroup
}

// New makes a register for at most so many sessions; 0 sets no limit.
func New[K comparable, S any](limit int) *Register[K, S] {
	return &Register[K, S]{limit: limit, sessions: make(map[K]*S)}
}

// Enter keeps a place, which Leave gives back. It returns ErrClosed, ErrFull or ErrTaken if there is none.
func (r *Register[K, S]) Enter(key K) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, taken := r.sessions[key]
	switch {
	case r.closed:
		return ErrClosed
	case r.limit > 0 && len(r.sessions) >= r.limit:
		return ErrFull
	case taken:
		return ErrTaken
	}
	r.sessions[key] = nil
	r.present.Add(1)
	return nil
}

// Open puts a session where one entered. It returns false if the server has begun to shut down in between: then nobody has told the session.
func (r *Register[K, S]) Open(key K, session *S) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions[key] = session
	return !r.closed
}

// Find returns the open session with a key, or nil.
func (r *Register[K, S]) Find(key K) *S {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[key]
}

// Len is how many sessions there are.
func (r *Register[K, S]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions)
}

// Leave is called once for whoever entered, when nothing of it is left.
func (r *Register[K, S]) Leave(key K) {
	r.mu.Lock()
	delete(r.sessions, key)
	r.mu.Unlock()
	r.present.Done()
}

// Shutdown lets nobody in any more, says farewell to everyone who is there and waits until all have left. If ctx ends first, it cuts off those who are
// left, waits for them, and returns the context's error.
func (r *Register[K, S]) Shutdown(ctx context.Context, farewell, cutOff func(*S)) error {
	for _, session := range r.close() {
		farewell(session)
	}
	gone := make(chan struct{})
	go func() {
		r.present.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	for _, session := range r.close() {
		cutOff(session)
	}
	<-gone
	return ctx.Err()
}

func (r *Register[K, S]) close() []*S {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	sessions := make([]*S, 0, len(r.sessions))
	for _, session := range r.sessions {
		if session != nil {
			sessions = append(sessions, session)
		}
	}
	return sessions
}
