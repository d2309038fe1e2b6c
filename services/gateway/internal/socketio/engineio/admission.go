package engineio

import (
	"errors"

	"github.com/gorilla/websocket"
)

// Admission is what Config.Admit makes for a session that it lets in.
type Admission interface {
	// Message is told of all that the client sends, before anything of it is parsed: packets, the body of a POST as its first packet, pings and pongs of a
	// WebSocket, requests for an upgrade. Size is in bytes. ErrTooMany drops it, any other error ends the session. It is called by one goroutine at a time,
	// perhaps while the conversation is called.
	Message(size int) error
	// Leave is called once, when the session is gone.
	Leave()
}

// ErrTooMany is for Admission.Message.
var ErrTooMany = errors.New("too many messages")

// unlimited admits everything.
type unlimited struct{}

func (unlimited) Message(int) error { return nil }
func (unlimited) Leave()            {}

// admits tells whether to read what the client has sent. After the session's end, nothing is.
func (s *Session) admits(size int) bool {
	s.counting.Lock()
	defer s.counting.Unlock()
	if s.ending.Load() != nil {
		return false
	}
	err := s.admission.Message(size)
	if err != nil && !errors.Is(err, ErrTooMany) {
		s.Close(Ending{Reason: "too many messages", Code: websocket.ClosePolicyViolation, Detail: err.Error()})
	}
	return err == nil
}
