package fanout

import (
	"context"
	"errors"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// Cursors seal and open what clients hold; inside the hub it is a value.
type Cursors interface {
	// AwaitKey is called before each subscription that wants cursors, and before a cursor is opened.
	AwaitKey(ctx context.Context) error
	// Seal gives a cursor, which has nothing that JSON would escape.
	Seal(token cursor.Token) string
	// Open gives what Seal was given. Errors: cursor.ErrDamaged, cursor.ErrOtherKey.
	Open(text string) (cursor.Token, error)
}

// place is where a client stands behind a record.
type place struct {
	partition *partition
	stream    atlas.Stream
	cursor.Checkpoint
}

// cursor gives that of a place.
func (h *Hub) cursor(at place) string {
	return h.settings.Cursors.Seal(cursor.At(at.Checkpoint, time.Now()))
}

// open gives the token behind which a membership resumes; nil for none.
func (m *membership) open() (*cursor.Token, error) {
	if m.from != nil || m.wanted.Cursor.After == "" {
		return m.from, nil
	}
	token, err := m.subscriber.hub.settings.Cursors.Open(m.wanted.Cursor.After)
	if err != nil {
		return nil, protocol.Refuse(codeOf(err), `cursor: %s; want "" or one that came with a message`, err)
	}
	token = tokenOf(m.wanted, token)
	m.from = &token
	return m.from, nil
}

// resumes tells whether there is something to open.
func (m *membership) resumes() bool { return m.from != nil || m.wanted.Cursor.After != "" }

// tokenOf gives what counts of a token for a subscription: of one for several, the checkpoint of this one, if it has one.
func tokenOf(wanted *subscription.Subscription, token cursor.Token) cursor.Token {
	for _, saved := range token.Each() {
		if had, err := subscription.Parse(saved.Parameters); err == nil && had.Key() == wanted.Key() && !saved.Restarts() {
			return saved.Token()
		}
	}
	return token
}

// codeOf tells what was never a cursor from what is none any more, so that clients begin anew with the latter.
func codeOf(unreadable error) protocol.Code {
	if errors.Is(unreadable, cursor.ErrOtherKey) {
		return protocol.CodeCursorGone
	}
	return protocol.CodeBadCursor
}

// openTracker gives none for a client whose cursors stand for one subscription each.
func (s *Subscriber) openTracker() *tracker {
	if s.client.BeginCursors() && s.tracker.Load() == nil {
		s.tracker.Store(&tracker{subscriber: s})
	}
	return s.tracker.Load()
}

// offerRecord enqueues the message of a record, or of several, the last of which stands at a place.
func (s *Subscriber) offerRecord(offer func(*sendqueue.Message) error, event string, payload []byte, cursors bool, at place) error {
	if !cursors {
		return offer(s.encoding.Event(event, payload))
	}
	if tracker := s.tracker.Load(); tracker != nil {
		return tracker.offer(offer, event, payload, at)
	}
	return offer(s.encoding.EventAt(event, payload, s.hub.cursor(at)))
}
