package door

import (
	"context"
	"encoding/json"

	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/subscription"
)

// maxPrivateID bounds what is taken for a private ID and said again, in bytes.
const maxPrivateID = 64

// remembered is what socket.io-client 4.6 and later send as they come back: the private ID that they were told, and the last string that ended an event.
type remembered struct {
	PrivateID string `json:"pid"`
	Offset    string `json:"offset"`
}

// recall gives a client of Engine.IO 4 the subscriptions back for which the cursor stands that it remembers, if it does, each from where it was. By its
// private ID, which it keeps then, the client sees whether that was so.
func (d *SocketIO) recall(session *session, socket *socketio.Socket) {
	if socket.Revision() == engineio.Revision3 {
		return
	}
	var was remembered
	known := json.Unmarshal(socket.Auth(), &was) == nil && was.PrivateID != "" && len(was.PrivateID) <= maxPrivateID && was.Offset != ""
	if !known {
		socket.SetPrivateID(d.newID())
		return
	}
	parameters, err := session.recall(d.serving, was.Offset)
	if err != nil {
		socket.SetPrivateID(d.newID())
		return
	}
	socket.SetPrivateID(was.PrivateID)
	session.resume(d.serving, parameters, was.Offset)
}

// recall gives the parameters of the subscriptions for which a cursor stands.
func (s *session) recall(ctx context.Context, cursor string) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	return s.subscriber.Recall(ctx, cursor)
}

// resume subscribes again, and says of each subscription what came of that.
func (s *session) resume(ctx context.Context, parameters [][]byte, cursor string) {
	s.subscriber.Hold()
	defer s.subscriber.Release()
	for _, parameters := range parameters {
		s.answer(s.subscribe(ctx, parameters, func(wanted *subscription.Subscription) { wanted.GoOnAfter(cursor) }))
	}
}
