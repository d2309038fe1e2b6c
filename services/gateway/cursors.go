package gateway

import (
	"context"
	"errors"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/playback"
	"atlasstream/services/gateway/internal/subscription"
)

// cursors are those that the hub gives to clients.
type cursors struct {
	seal *playback.Seal
	key  *cursorKey
}

// Prepare implements fanout.Cursors. It waits for the key.
func (c *cursors) Prepare(ctx context.Context) error { return c.key.await(ctx) }

// Live implements fanout.Cursors.
func (c *cursors) Live(measurement atlas.MeasurementID, position atlas.Position) string {
	return c.seal.Write(&playback.Bookmark{
		Issued: time.Now(), Marks: []playback.Bookmarked{{Cursor: playback.Cursor{Measurement: measurement, Live: &position}}},
	})
}

// ForAll implements fanout.Cursors.
func (c *cursors) ForAll(standings []fanout.Standing, anew [][]byte) string {
	bookmark := &playback.Bookmark{Issued: time.Now(), Marks: make([]playback.Bookmarked, len(standings)), Anew: anew}
	for i := range standings {
		mark, err := c.markOf(&standings[i])
		if err != nil {
			return ""
		}
		bookmark.Marks[i] = mark
	}
	return c.seal.Write(bookmark)
}

// markOf fails where the place was sealed with a key that has been replaced since.
func (c *cursors) markOf(standing *fanout.Standing) (playback.Bookmarked, error) {
	if standing.After == "" {
		cursor, err := c.cursorOf(standing)
		return playback.Bookmarked{Cursor: cursor, Parameters: standing.Parameters}, err
	}
	bookmark, err := c.seal.Read(standing.After)
	if err != nil {
		return playback.Bookmarked{}, err
	}
	//mutate:due-rejuvenated
	return playback.Bookmarked{Cursor: bookmark.Marks[0].Cursor, Parameters: standing.Parameters, Issued: bookmark.Issued}, nil
}

func (c *cursors) cursorOf(standing *fanout.Standing) (playback.Cursor, error) {
	switch {
	case !standing.InReplay:
		return playback.Cursor{Measurement: standing.Measurement, Live: &standing.Position}, nil
	case standing.Replay == "": // nothing has been delivered yet
		return playback.Cursor{Measurement: standing.Measurement}, nil
	}
	replay, err := c.seal.Read(standing.Replay)
	if err != nil {
		return playback.Cursor{}, err
	}
	if cursor, found := replay.Find(standing.Measurement, true); found {
		return cursor, nil
	}
	return playback.Cursor{Measurement: standing.Measurement}, nil
}

// Each implements fanout.Cursors.
func (c *cursors) Each(cursor string) (subscriptions []fanout.Recalled, err error) {
	bookmark, err := c.seal.Read(cursor)
	if err != nil {
		return nil, protocol.Refuse(codeOf(err), "offset: %s", err)
	}
	for _, mark := range bookmark.Marks {
		if len(mark.Parameters) == 0 {
			return nil, protocol.Refuse(protocol.CodeBadCursor, "offset: names no subscription")
		}
		//mutate:memory-rejuvenated
		own := bookmark.Alone(playback.Bookmarked{Cursor: mark.Cursor, Issued: mark.Issued})
		subscriptions = append(subscriptions, fanout.Recalled{Parameters: mark.Parameters, Cursor: c.seal.Write(own)})
	}
	for _, parameters := range bookmark.Anew {
		subscriptions = append(subscriptions, fanout.Recalled{Parameters: parameters})
	}
	return subscriptions, nil
}

// bookmarkFor reads the cursor of a subscription. Of one that stands for several, the place of this subscription counts, if it has one.
func bookmarkFor(seal *playback.Seal, wanted *subscription.Subscription) (*playback.Bookmark, error) {
	bookmark, err := seal.Read(wanted.Cursor.After)
	if err != nil {
		return nil, protocol.Refuse(codeOf(err), `cursor: %s; want "" or one that came with a message`, err)
	}
	for _, mark := range bookmark.Marks {
		if had, err := subscription.Parse(mark.Parameters); err == nil && had.Key() == wanted.Key() {
			return bookmark.Alone(mark), nil
		}
	}
	return bookmark, nil
}

// codeOf tells what was never a cursor from what is none any more, so that clients begin anew with the latter.
func codeOf(unreadable error) protocol.Code {
	if errors.Is(unreadable, playback.ErrOtherKey) {
		return protocol.CodeCursorGone
	}
	return protocol.CodeBadCursor
}
