// Package connset holds the sessions of a server: it limits their number, finds them by key, lets them end one by one, and shuts all of them down.
package connset

import (
	"context"
	"errors"
	"sync"
)

// Why Reserve returns an error.
var (
	ErrClosed = errors.New("the server is shutting down")
	ErrFull   = errors.New("the server has as many sessions as it may have")
	ErrTaken  = errors.New("there is a session with this key")
)

// Set holds the sessions of a server by their keys. Its methods may be called from any goroutine.
type Set[K comparable, S any] struct {
	limit int

	mu       sync.Mutex
	refusing bool     // new sessions
	closed   bool     // Shutdown has begun, which notifies all sessions
	sessions map[K]*S // nil for a key that is reserved and not open yet
	present  sync.WaitGroup
}

// New makes a set for at most so many sessions; 0 sets no limit.
func New[K comparable, S any](limit int) *Set[K, S] {
	return &Set[K, S]{limit: limit, sessions: make(map[K]*S)}
}

// Reserve reserves a key, which counts as a session until Remove. It returns ErrClosed, ErrFull or ErrTaken if it cannot.
func (s *Set[K, S]) Reserve(key K) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, taken := s.sessions[key]
	switch {
	case s.refusing:
		return ErrClosed
	case s.limit > 0 && len(s.sessions) >= s.limit:
		return ErrFull
	case taken:
		return ErrTaken
	}
	s.sessions[key] = nil
	s.present.Add(1)
	return nil
}

// Refuse makes Reserve return ErrClosed. Sessions whose key is reserved may still open.
func (s *Set[K, S]) Refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusing = true
}

// Departures returns a function for each open session, which calls notify for it unless it has been removed since, and reports whether it has called it.
func (s *Set[K, S]) Departures(notify func(*S)) []func() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	departures := make([]func() bool, 0, len(s.sessions))
	for key, session := range s.sessions {
		if session != nil {
			departures = append(departures, func() bool { return s.depart(key, session, notify) })
		}
	}
	return departures
}

func (s *Set[K, S]) depart(key K, session *S, notify func(*S)) bool {
	if s.Find(key) != session {
		return false
	}
	notify(session)
	return true
}

// Open stores the session of a reserved key. It returns false if the server has begun to shut down since Reserve: then Shutdown has not notified the session.
func (s *Set[K, S]) Open(key K, session *S) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[key] = session
	return !s.closed
}

// Find returns the open session with a key, or nil.
func (s *Set[K, S]) Find(key K) *S {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[key]
}

// Each calls visit for each open session. visit must not use the set.
func (s *Set[K, S]) Each(visit func(*S)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.sessions {
		if session != nil {
			visit(session)
		}
	}
}

// Len returns the number of sessions, reserved ones included.
func (s *Set[K, S]) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Remove is called once for each reserved key, after everything of its session has ended.
func (s *Set[K, S]) Remove(key K) {
	s.mu.Lock()
	delete(s.sessions, key)
	s.mu.Unlock()
	s.present.Done()
}

// Shutdown makes Reserve return ErrClosed, calls notify for each open session and waits until all sessions are removed. If ctx ends first, it calls cutOff
// for those that are left, waits for them, and returns the context's error.
func (s *Set[K, S]) Shutdown(ctx context.Context, notify, cutOff func(*S)) error {
	for _, session := range s.close() {
		notify(session)
	}
	gone := make(chan struct{})
	go func() {
		s.present.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	for _, session := range s.close() {
		cutOff(session)
	}
	<-gone
	return ctx.Err()
}

func (s *Set[K, S]) close() []*S {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusing, s.closed = true, true
	sessions := make([]*S, 0, len(s.sessions))
	for _, session := range s.sessions {
		if session != nil {
			sessions = append(sessions, session)
		}
	}
	return sessions
}
