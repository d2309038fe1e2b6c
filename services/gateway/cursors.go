package gateway

import (
	"context"
	"errors"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/subscription"
)

// cursors are those that the hub gives to clients.
type cursors struct {
	codec *cursor.Codec
	key   *cursorKey
}

// Prepare implements fanout.Cursors. It waits for the key.
func (c *cursors) Prepare(ctx context.Context) error { return c.key.await(ctx) }

// Live implements fanout.Cursors.
func (c *cursors) Live(measurement atlas.MeasurementID, position atlas.Position) string {
	return c.codec.Seal(cursor.At(cursor.Checkpoint{Measurement: measurement, Live: cursor.Live(position)}, time.Now()))
}

// ForAll implements fanout.Cursors.
func (c *cursors) ForAll(standings []fanout.Standing, anew [][]byte) string {
	token := cursor.Token{Issued: time.Now(), Subscriptions: make([]cursor.SavedSubscription, len(standings)), Restart: anew}
	for i := range standings {
		saved, err := c.savedOf(&standings[i])
		if err != nil {
			return ""
		}
		token.Subscriptions[i] = saved
	}
	return c.codec.Seal(token)
}

// savedOf fails where the place was sealed with a key that has been replaced since.
func (c *cursors) savedOf(standing *fanout.Standing) (cursor.SavedSubscription, error) {
	if standing.After == "" {
		checkpoint, err := c.checkpointOf(standing)
		return cursor.SavedSubscription{Checkpoint: checkpoint, Parameters: standing.Parameters}, err
	}
	token, err := c.codec.Open(standing.After)
	if err != nil {
		return cursor.SavedSubscription{}, err
	}
	//mutate:due-rejuvenated
	return cursor.SavedSubscription{Checkpoint: token.Subscriptions[0].Checkpoint, Parameters: standing.Parameters, Issued: token.Issued}, nil
}

func (c *cursors) checkpointOf(standing *fanout.Standing) (cursor.Checkpoint, error) {
	switch {
	case !standing.InReplay:
		return cursor.Checkpoint{Measurement: standing.Measurement, Live: cursor.Live(standing.Position)}, nil
	case standing.Replay == "": // nothing has been delivered yet
		return cursor.Checkpoint{Measurement: standing.Measurement}, nil
	}
	replay, err := c.codec.Open(standing.Replay)
	if err != nil {
		return cursor.Checkpoint{}, err
	}
	if checkpoint, found := replay.Find(standing.Measurement, true); found {
		return checkpoint, nil
	}
	return cursor.Checkpoint{Measurement: standing.Measurement}, nil
}

// Each implements fanout.Cursors.
func (c *cursors) Each(text string) (subscriptions []fanout.Recalled, err error) {
	token, err := c.codec.Open(text)
	if err != nil {
		return nil, protocol.Refuse(codeOf(err), "offset: %s", err)
	}
	for _, saved := range token.Subscriptions {
		if len(saved.Parameters) == 0 {
			return nil, protocol.Refuse(protocol.CodeBadCursor, "offset: names no subscription")
		}
		//mutate:memory-rejuvenated
		own := token.Only(cursor.SavedSubscription{Checkpoint: saved.Checkpoint, Issued: saved.Issued})
		subscriptions = append(subscriptions, fanout.Recalled{Parameters: saved.Parameters, Cursor: c.codec.Seal(own)})
	}
	for _, parameters := range token.Restart {
		subscriptions = append(subscriptions, fanout.Recalled{Parameters: parameters})
	}
	return subscriptions, nil
}

// tokenFor opens the cursor of a subscription. Of one for several, the checkpoint of this subscription counts, if it has one.
func tokenFor(codec *cursor.Codec, wanted *subscription.Subscription) (cursor.Token, error) {
	token, err := codec.Open(wanted.Cursor.After)
	if err != nil {
		return cursor.Token{}, protocol.Refuse(codeOf(err), `cursor: %s; want "" or one that came with a message`, err)
	}
	for _, saved := range token.Subscriptions {
		if had, err := subscription.Parse(saved.Parameters); err == nil && had.Key() == wanted.Key() {
			return token.Only(saved), nil
		}
	}
	return token, nil
}

// codeOf tells what was never a cursor from what is none any more, so that clients begin anew with the latter.
func codeOf(unreadable error) protocol.Code {
	if errors.Is(unreadable, cursor.ErrOtherKey) {
		return protocol.CodeCursorGone
	}
	return protocol.CodeBadCursor
}
