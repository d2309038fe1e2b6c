package session

import (
	"context"
	"errors"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/cursorseal"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/resume"
	"atlasstream/services/gateway/internal/subscription"
)

// Cursors seal and open what clients hold; inside the hub it is a value.
type Cursors interface {
	// AwaitKey is called before each subscription that wants cursors, and before a cursor is opened.
	AwaitKey(ctx context.Context) error
	// Seal gives a cursor, which has nothing that JSON would escape.
	Seal(token cursor.Token) string
	// Open gives what Seal was given. Errors: cursorseal.ErrDamaged, cursorseal.ErrOtherKey.
	Open(text string) (cursor.Token, error)
}

func (s *Session) beginCursors(ctx context.Context, wanted *subscription.Subscription) error {
	if !wanted.Cursor.Wanted {
		return nil
	}
	s.openTracker()
	return s.hub.settings.Cursors.AwaitKey(ctx)
}

// openTracker gives none for a client whose cursors stand for one subscription each.
func (s *Session) openTracker() *resume.Tracker {
	if s.Client.BeginCursors() && s.tracker == nil {
		s.tracker = resume.NewTracker(&s.Recipient, &s.set, s.hub.settings.Cursors.Seal)
		s.Checkpoints.Set(s.tracker)
	}
	return s.tracker
}

// open opens the token behind which a subscription resumes, if there is one.
func (h *Hub) open(joining *delivery.Active) error {
	if joining.From != nil || joining.Wanted.Cursor.After == "" {
		return nil
	}
	token, err := h.settings.Cursors.Open(joining.Wanted.Cursor.After)
	if err != nil {
		return protocol.Errorf(codeOf(err), `cursor: %s; want "" or one that came with a message`, err)
	}
	token = tokenOf(joining.Wanted, token)
	joining.From = &token
	return nil
}

// tokenOf gives what counts of a token for a subscription: of one for several, the checkpoint of this one, if it has one.
func tokenOf(wanted *subscription.Subscription, token cursor.Token) cursor.Token {
	for _, saved := range token.Each() {
		if had, err := subscription.Parse(saved.Parameters); err == nil && had.Key() == wanted.Key() && !saved.StartsOver() {
			return saved.Token()
		}
	}
	return token
}

// codeOf tells what was never a cursor from what is none any more, so that clients restart with the latter.
func codeOf(unreadable error) protocol.Code {
	if errors.Is(unreadable, cursorseal.ErrOtherKey) {
		return protocol.CodeCursorGone
	}
	return protocol.CodeBadCursor
}
