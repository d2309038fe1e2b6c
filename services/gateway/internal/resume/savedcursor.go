package resume

import (
	"slices"
	"time"

	"atlasstream/services/gateway/internal/cursor"
)

// cursor stands for all subscriptions once what is at a place is enqueued; it is empty if none has cursors, or if there are too many.
func (t *Tracker) cursor(at *cursor.Place, seal func(cursor.Token) string) string {
	token, fit := t.token(at)
	if !fit || len(token.Subscriptions) == 0 {
		return ""
	}
	sealed := seal(token)
	if len(sealed) > cursor.MaxLength { // replays have long ones
		return ""
	}
	t.sentAt = token.Issued
	return sealed
}

// token is what the cursor stands for, unless that is too much.
func (t *Tracker) token(at *cursor.Place) (token cursor.Token, fit bool) {
	plain, fit := t.others.Plain(maxForAll - t.size - pendingSize(t.pending))
	if !fit {
		return token, false
	}
	token = cursor.Token{Issued: time.Now(), StartOver: plain, Subscriptions: make([]cursor.SavedSubscription, 0, len(t.tracked)+len(t.pending))}
	for i, each := range t.tracked {
		if each.group != nil && !each.group.IsConfirmed() {
			continue
		}
		token.Subscriptions = append(token.Subscriptions, cursor.SavedSubscription{Checkpoint: each.checkpoint(at), Parameters: t.savedParameters(i)})
	}
	for _, saved := range t.pending {
		if saved.StartsOver() {
			token.StartOver = append(slices.Clip(token.StartOver), saved.Parameters)
		} else {
			token.Subscriptions = append(token.Subscriptions, saved)
		}
	}
	return token, true
}

// pendingSize is what pending subscriptions take in a cursor at most, in bytes.
func pendingSize(pending []cursor.SavedSubscription) (size int) {
	for _, saved := range pending {
		beside := trackedSize
		if saved.StartsOver() {
			beside = TagSize
		}
		size += (len(saved.Parameters) + beside) * 4 / 3
	}
	return size
}

// checkpoint is how far the subscription has got once what is at a place is enqueued.
func (s *tracked) checkpoint(at *cursor.Place) cursor.Checkpoint {
	now := s.place
	if s.isAdvancedBy(at) {
		now = *at
	}
	if !now.Source.IsReplay() {
		now.Live = s.advanced(now.Live)
	}
	return now.Checkpoint
}

// advanced moves a position on to what has been delivered live to all, as far as nothing of it waits for this subscription or is about to be enqueued.
func (s *tracked) advanced(at cursor.Live) cursor.Live {
	delivered := s.place.Source.Delivered() // before it is asked what waits
	if delivered.Offset > at.Offset && s.follows && (s.batch == nil || !s.batch.Waits()) {
		return delivered
	}
	return at
}

// isAdvancedBy tells whether a record counts for the subscription, which may not match it: records of a measurement and stream are enqueued in their order.
func (s *tracked) isAdvancedBy(at *cursor.Place) bool {
	//mutate:tracker-of-other-measurements,tracker-of-other-streams
	return s.place.Source == at.Source && s.place.Stream == at.Stream && s.place.Measurement == at.Measurement &&
		(at.Replay != nil || at.Live.Offset > s.place.Live.Offset)
}
