// Package cursor has the positions of clients. Inside a gateway they are values: the Checkpoint of a subscription, and the Token with which a client resumes
// one or several. Package cursorseal seals a Token to the text that clients keep, which is called a cursor.
package cursor

import (
	"errors"
	"fmt"
	"time"

	"atlasstream/pkg/atlas"
)

// MaxLength bounds the text that is read as a cursor, in bytes.
const MaxLength = 8192

// Token is the content of a cursor.
type Token struct {
	Issued        time.Time // in whole seconds
	Subscriptions []SavedSubscription
	StartOver     [][]byte // parameters of further subscriptions, which have no checkpoints
}

// SavedSubscription is a subscription and how far the client has received it.
type SavedSubscription struct {
	Checkpoint
	Parameters []byte    // nil if the client names the subscription itself
	Issued     time.Time // in whole seconds, if that was before the token; else zero
}

// At is a token of one checkpoint.
func At(checkpoint Checkpoint, issued time.Time) Token {
	return Token{Issued: issued, Subscriptions: []SavedSubscription{{Checkpoint: checkpoint}}}
}

// ReplayOf is the token's position in a replay of a measurement; nil for none, as of no token.
func (t *Token) ReplayOf(measurement atlas.MeasurementID) *Replay {
	if t == nil {
		return nil
	}
	checkpoint, _ := t.Find(measurement, true)
	return checkpoint.Replay
}

// Token is a token of the subscription's checkpoint, which is as old as that.
func (s *SavedSubscription) Token() Token {
	//mutate:resumed-cursor-ageless
	return Token{Subscriptions: []SavedSubscription{{Checkpoint: s.Checkpoint}}, Issued: s.Issued}
}

// StartsOver tells that there is no checkpoint, so that the subscription starts again.
func (s *SavedSubscription) StartsOver() bool { return s.Measurement == 0 }

// Each gives the subscriptions, each with the time at which it was issued, and behind them those that restart.
func (t Token) Each() []SavedSubscription {
	each := make([]SavedSubscription, 0, len(t.Subscriptions)+len(t.StartOver))
	for _, saved := range t.Subscriptions {
		if saved.Issued.IsZero() {
			//mutate:pending-subscription-ageless
			saved.Issued = t.Issued
		}
		each = append(each, saved)
	}
	for _, parameters := range t.StartOver {
		each = append(each, SavedSubscription{Parameters: parameters})
	}
	return each
}

// Find gives the checkpoint of a measurement, live or in a replay; of several live ones, the earliest. An error says what the token is of instead.
func (t Token) Find(measurement atlas.MeasurementID, inReplay bool) (found Checkpoint, err error) {
	ok := false
	for _, saved := range t.Subscriptions {
		if saved.Measurement != measurement || saved.IsLive() && inReplay || saved.Replay != nil && !inReplay {
			continue
		}
		//mutate:latest-position-resumes
		if earlier := ok && found.IsLive() && saved.IsLive() && saved.Live.Offset < found.Live.Offset; !ok || earlier {
			found, ok = saved.Checkpoint, true
		}
	}
	if !ok {
		return Checkpoint{}, t.mismatch(measurement, inReplay)
	}
	return found, nil
}

// mismatch says that the token has no such checkpoint.
func (t Token) mismatch(measurement atlas.MeasurementID, inReplay bool) error {
	if len(t.Subscriptions) == 0 {
		return fmt.Errorf("got one without a position, want one of measurement %d", measurement)
	}
	switch of := t.Subscriptions[0].Measurement; {
	case len(t.Subscriptions) > 1 || of != measurement:
		return fmt.Errorf("got one of measurement %d, want one of measurement %d", of, measurement)
	case inReplay:
		return errors.New("got one of a live subscription, without startTime, want one of a replay")
	}
	return errors.New("got one of a replay, with startTime, want one of a live subscription")
}
