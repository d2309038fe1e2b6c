package engineio

import (
	"slices"
	"time"

	"atlasstream/services/gateway/internal/wsframe"

	"github.com/gorilla/websocket"
)

// CloseReason is why a session ends.
type CloseReason struct {
	Name   string // for Conversation.Closed; the names of this package are those of the reference server
	Code   int    // of the close frame that a WebSocket client receives (RFC 6455, section 7.4)
	Detail string // text of the close frame

	// final is set if a polling client need not receive anything more: unless a poll waits, the session ID is unknown from now on.
	final bool
}

var (
	reasonTransportClose = CloseReason{Name: "transport close", Code: websocket.CloseNormalClosure}
	reasonTransportError = CloseReason{Name: "transport error", Code: websocket.CloseProtocolError, final: true}
	reasonOverlap        = CloseReason{Name: "transport error", Code: websocket.CloseProtocolError, Detail: "two requests of a kind at a time", final: true}
	reasonPingTimeout    = CloseReason{Name: "ping timeout", Code: websocket.CloseGoingAway, Detail: "no heartbeat came in time", final: true}
	reasonShutdown       = CloseReason{Name: "server shutting down", Code: websocket.CloseGoingAway, Detail: "the server is shutting down"}
	reasonQueueFull      = CloseReason{Name: "queue full", Code: websocket.ClosePolicyViolation, Detail: "the client reads too slowly"}
)

func malformedReason(err error) CloseReason {
	return CloseReason{Name: "parse error", Code: websocket.CloseInvalidFramePayloadData, Detail: err.Error(), final: true}
}

// withCloseFrame appends the close frame to the last packets of a session.
func (r *CloseReason) withCloseFrame(last []*wsframe.Message) []*wsframe.Message {
	return append(slices.Clone(last), wsframe.Close(r.Code, r.Detail))
}

// lastPacket is the last packet of a polling client. If the client has closed the session, only its poll must be answered.
func (r *CloseReason) lastPacket() packetKind {
	if r.Name == reasonTransportClose.Name {
		return packetNoop
	}
	return packetClose
}

// overtakenPollTimeout is how long to wait for a poll that the client's close packet has overtaken.
const overtakenPollTimeout = time.Second

// closePolling ends a polling session. The conversation ends at once; the client has some time to poll for its last packets.
func (s *Session) closePolling() {
	defer s.release()
	s.endConversation()
	reason := s.closeReason.Load()
	timeout := s.server.cfg.Queue.CloseTimeout
	switch {
	case reason.final:
		s.polling.finish()
	case reason.lastPacket() == packetNoop:
		timeout = min(timeout, overtakenPollTimeout)
	}
	tooLate := time.NewTimer(timeout)
	defer tooLate.Stop()
	select {
	case <-s.polling.done:
	case <-tooLate.C:
		s.polling.finish()
	}
	s.out.Close()
	s.polling.probing.Wait()
}

// isUnknown reports whether a request is answered as if the session did not exist.
func (s *Session) isUnknown() bool {
	reason := s.closeReason.Load()
	return reason != nil && (s.polling == nil || reason.final || s.polling.isFinished())
}

// cutOff ends a session without delivering its last packets.
func (s *Session) cutOff() {
	if s.polling != nil {
		s.polling.finish()
	}
	s.out.Close()
}

// Close sends what is queued and the last packets, then ends the session. Of several close reasons, the first counts.
func (s *Session) Close(reason CloseReason, last ...*wsframe.Message) {
	if s.closeReason.CompareAndSwap(nil, &reason) {
		s.out.Finish(reason.withCloseFrame(last)...)
		s.beginClosing()
	}
}

// Abort is Close for a client that cannot keep up: what is queued is dropped.
func (s *Session) Abort(reason CloseReason, last ...*wsframe.Message) {
	if s.closeReason.CompareAndSwap(nil, &reason) {
		s.out.Abort(reason.withCloseFrame(last)...)
		s.beginClosing()
	}
}

// SetShutdownMessage sets what the client is sent when the server shuts down, instead of the message for all.
func (s *Session) SetShutdownMessage(own *wsframe.Message) { s.shutdownMessage.Store(own) }

// shutDown closes the session with its own last packet, or those for all.
func (s *Session) shutDown(last []*wsframe.Message) {
	if own := s.shutdownMessage.Load(); own != nil {
		last = []*wsframe.Message{own}
	}
	s.Close(reasonShutdown, last...)
}

// beginClosing begins to release the session. The goroutine that reads from a WebSocket does so by itself.
func (s *Session) beginClosing() {
	s.inbox.close()
	if s.polling != nil && s.polling.end() {
		go s.closePolling()
	}
}

// endConversation is called once the session has ended.
func (s *Session) endConversation() {
	s.conversationMu.Lock()
	defer s.conversationMu.Unlock()
	s.stopHeartbeat()
	s.conversation.Closed(s.closeReason.Load().Name)
}

// release is called once, when the session has ended. The session ID is removed last, as Shutdown waits for that.
func (s *Session) release() {
	s.inbox.close()
	s.inbox.handling.Wait()
	s.admission.Release()
	s.server.sessions.Remove(s.id)
}
