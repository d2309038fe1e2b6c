package engineio

import (
	"errors"

	"github.com/gorilla/websocket"
)

// Admission limits an admitted session. Config.Admit makes it.
type Admission interface {
	// Message is called for everything that the client sends, before it is parsed: packets, the body of a POST as its first packet, pings and pongs of a
	// WebSocket, requests for an upgrade. Size is in bytes. ErrTooMany drops the message, any other error ends the session. It is called by one goroutine at
	// a time, perhaps while the conversation is called.
	Message(size int) error
	// Release is called once, when the session is gone.
	Release()
}

// ErrTooMany is returned by Admission.Message to drop a message.
var ErrTooMany = errors.New("too many messages")

// unlimited admits everything.
type unlimited struct{}

func (unlimited) Message(int) error { return nil }
func (unlimited) Release()          {}

// admits reports whether to read a message of the client. After the session's end, none is read.
func (s *Session) admits(size int) bool {
	s.admissionMu.Lock()
	defer s.admissionMu.Unlock()
	if s.closeReason.Load() != nil {
		return false
	}
	err := s.admission.Message(size)
	if err != nil && !errors.Is(err, ErrTooMany) {
		s.Close(CloseReason{Name: "too many messages", Code: websocket.ClosePolicyViolation, Detail: err.Error()})
	}
	return err == nil
}
