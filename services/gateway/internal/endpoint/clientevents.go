package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/sendqueue"
)

// handleEvent handles an event of the client and responds. The parameters are echoed byte by byte: clients find their own
// record by the string form of the echo.
func (s *clientSession) handleEvent(ctx context.Context, event string, parameters []byte) {
	var err error
	switch event {
	case protocol.EventSubscribe:
		err = s.subscribe(ctx, parameters, nil)
	case protocol.EventUnsubscribe:
		err = s.unsubscribe(parameters)
	default:
		err = protocol.Errorf(protocol.CodeUnknownEvent,
			"%.60q: there is no such event; there are %s and %s", event, protocol.EventSubscribe, protocol.EventUnsubscribe)
	}
	s.respond(err)
}

// respond sends the confirmation that is queued, or an error event.
func (s *clientSession) respond(err error) {
	if err != nil && !errors.Is(err, sendqueue.ErrFull) && !errors.Is(err, sendqueue.ErrClosed) {
		err = s.client.EnqueueControl(s.client.Complaint(ErrorFor(err, s.acceptor.logger)))
	}
	if errors.Is(err, sendqueue.ErrFull) {
		s.session.Overflow()
		return
	}
	s.client.Flush()
}

// parseEvent parses a client's message, ["event",argument,…]. Only the first argument is read: it is nil if there is none. A list of all would take
// up to thirty times the bytes of the message.
func parseEvent(binary bool, payload []byte) (event string, argument json.RawMessage, err error) {
	if binary {
		return "", nil, protocol.Errorf(protocol.CodeMalformed, `message: got a binary one, want a text message ["%s",{…}]`, protocol.EventSubscribe)
	}
	var head [2]json.RawMessage
	readable := utf8.Valid(payload) && json.Unmarshal(payload, &head) == nil
	if !readable || head[0] == nil || json.Unmarshal(head[0], &event) != nil {
		return "", nil, protocol.Errorf(protocol.CodeMalformed, `message: got %.60q, want a JSON array such as ["%s",{"msm":1001}]`, payload, protocol.EventSubscribe)
	}
	return event, head[1], nil
}
