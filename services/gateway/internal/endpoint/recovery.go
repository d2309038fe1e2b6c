package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"atlasstream/services/gateway/internal/protocol"
	hub "atlasstream/services/gateway/internal/session"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// maxPrivateID bounds what is taken for a private ID and said again, in bytes.
const maxPrivateID = 64

// recoveryState is what socket.io-client 4.6 and later send as they come back: the private ID that they were told, and the last string that ended an event.
type recoveryState struct {
	PrivateID string `json:"pid"`
	Offset    string `json:"offset"`
}

// resumeTimeout is how long it may take to give a client all its subscriptions back.
const resumeTimeout = 2 * subscribeTimeout

// recall gives a client of Engine.IO 4 the subscriptions back for which the cursor stands that it remembers: from where it was, or anew. By its private ID,
// which it keeps if there are any, the client sees that it is recovered. One that cannot be recovered now, but perhaps later, comes again by itself when
// its connection is closed.
func (e *SocketIO) recall(session *session, socket *socketio.Socket) {
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
	subscriptions, err := session.recall(ctx, was.Offset)
	if err != nil {
		if !errors.Is(err, ratelimit.ErrTooManyMessages) { // which is counted, and happens as often as a client likes
			e.acceptor.logger.Warn("a client could not be recovered, and is to come again", zap.Error(err))
		}
		socket.Close()
		return
	}
	if len(subscriptions) == 0 {
		socket.SetPrivateID(e.newID())
		return
	}
	socket.SetPrivateID(was.PrivateID)
	session.resume(ctx, subscriptions)
}

// recall gives the subscriptions for which a cursor stands, none if not one of them can go on where it was. The error is why that is not known now. They
// count as if the client had asked for each with a message of its own.
func (s *session) recall(ctx context.Context, text string) ([]*hub.Resumption, error) {
	subscriptions, err := s.subscriber.Recall(ctx, text)
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
		if resumed.Restarts() {
			continue
		}
		err := s.subscriber.CanResume(ctx, resumed)
		if _, refused := errors.AsType[*protocol.Error](err); !refused {
			return subscriptions, err
		}
	}
	return nil, nil
}

// resume subscribes again, and says of each subscription what came of that. Those that cannot be had for the moment the client gets when it comes back
// once more: its cursors go on to stand for them.
func (s *session) resume(ctx context.Context, subscriptions []*hub.Resumption) {
	s.subscriber.Hold()
	defer s.subscriber.Release()
	defer release(subscriptions)
	var due []*hub.Resumption
	for i, resumed := range subscriptions {
		s.subscriber.SetPending(slices.Concat(due, subscriptions[i:]))
		err := s.resumeOne(ctx, resumed)
		s.respond(err)
		if errors.Is(err, sendqueue.ErrFull) || errors.Is(err, sendqueue.ErrClosed) {
			return // the client has gone
		}
		if err != nil && isTemporary(err) {
			due = append(due, resumed)
		}
	}
	s.subscriber.SetPending(due)
}

func release(subscriptions []*hub.Resumption) {
	for _, resumed := range subscriptions {
		resumed.Release()
	}
}

func (s *session) resumeOne(ctx context.Context, resumed *hub.Resumption) error {
	wanted, err := resumed.Wanted()
	if err != nil {
		return err
	}
	return s.begin(ctx, wanted, resumed.Parameters(), func(ctx context.Context) error { return s.subscriber.Resume(ctx, resumed) })
}

// isTemporary tells whether what failed may be had later: the log may be reached again, and what others have had may be over.
func isTemporary(err error) bool {
	refusal, refused := errors.AsType[*protocol.Error](err)
	return !refused || refusal.Code == protocol.CodeTooManyReplays
}
