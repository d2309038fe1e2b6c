package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// maxPrivateID is the longest accepted private ID, in bytes.
const maxPrivateID = 64

// recoveryState is what socket.io-client 4.6 and later send when they reconnect: their private ID, and the last string that was an event's last argument.
type recoveryState struct {
	PrivateID string `json:"pid"`
	Offset    string `json:"offset"`
}

// resumeTimeout bounds resuming all subscriptions of a client.
const resumeTimeout = 2 * subscribeTimeout

// recoverSession resumes the subscriptions of the cursor that a client of Engine.IO 4 remembers, each from its position or live. If there are any the client
// keeps its private ID, and so learns that it is recovered. After a temporary error its connection is closed, so that it reconnects by itself.
func (e *SocketIO) recoverSession(session *clientSession, socket *socketio.Socket) {
	if socket.Revision() == engineio.Revision3 {
		return
	}
	var was recoveryState
	known := json.Unmarshal(socket.Auth(), &was) == nil && was.PrivateID != "" && len(was.PrivateID) <= maxPrivateID && was.Offset != ""
	if !known {
		socket.SetPrivateID(e.newID())
		return
	}
	ctx, cancel := context.WithTimeout(e.serving, resumeTimeout)
	defer cancel()
	subscriptions, err := session.recoverable(ctx, was.Offset)
	if err != nil {
		if !errors.Is(err, ratelimit.ErrTooManyMessages) { // which has a metric, and happens as often as a client likes
			e.acceptor.logger.Warn("cannot recover a client; it has to reconnect", zap.Error(err))
		}
		socket.Close()
		return
	}
	if len(subscriptions) == 0 {
		socket.SetPrivateID(e.newID())
		return
	}
	socket.SetPrivateID(was.PrivateID)
	session.resumeAll(ctx, subscriptions)
}

// recoverable returns the subscriptions of a cursor, or none if not one of them can resume from its position. The error is temporary. They count as if the
// client had sent a message for each.
func (s *clientSession) recoverable(ctx context.Context, text string) ([]*session.Resumption, error) {
	subscriptions, err := s.session.Recall(ctx, text)
	if _, refused := errors.AsType[*protocol.Error](err); refused {
		return nil, nil
	}
	if err == nil {
		err = s.connection.allowance.FurtherMessages(len(subscriptions) - 1)
	}
	if err != nil {
		return nil, err
	}
	for _, resumed := range subscriptions {
		if resumed.StartsOver() {
			continue
		}
		err := s.session.CanResume(ctx, resumed)
		if _, refused := errors.AsType[*protocol.Error](err); !refused {
			return subscriptions, err
		}
	}
	return nil, nil
}

// resumeAll resumes subscriptions and responds to each. Those that fail temporarily stay part of the client's cursors, so that it resumes them
// when it reconnects.
func (s *clientSession) resumeAll(ctx context.Context, subscriptions []*session.Resumption) {
	s.session.HoldReplays()
	defer s.session.StartHeldReplays()
	defer releaseAll(subscriptions)
	var due []*session.Resumption
	for i, resumed := range subscriptions {
		s.session.SetPending(slices.Concat(due, subscriptions[i:]))
		err := s.resume(ctx, resumed)
		s.respond(err)
		if errors.Is(err, sendqueue.ErrFull) || errors.Is(err, sendqueue.ErrClosed) {
			return // the client has disconnected
		}
		if err != nil && isTemporary(err) {
			due = append(due, resumed)
		}
	}
	s.session.SetPending(due)
}

func releaseAll(subscriptions []*session.Resumption) {
	for _, resumed := range subscriptions {
		resumed.ReleaseTail()
	}
}

func (s *clientSession) resume(ctx context.Context, resumed *session.Resumption) error {
	wanted, err := resumed.Wanted()
	if err != nil {
		return err
	}
	return s.withinLimits(ctx, wanted, resumed.Parameters(), func(ctx context.Context) error { return s.session.Resume(ctx, resumed) })
}

// isTemporary reports whether an error is temporary: the log cannot be read, there are too many replays, or the address has sent too many messages.
func isTemporary(err error) bool {
	refusal, refused := errors.AsType[*protocol.Error](err)
	return !refused || refusal.Code == protocol.CodeTooManyReplays || refusal.Code == protocol.CodeTooManyMessages
}
