package playback

import (
	"time"

	"google.golang.org/protobuf/proto"

	"atlasstream/pkg/atlas"
	cursorv1 "atlasstream/proto/cursor/v1"
)

// Bookmark is what the text stands for that a client keeps as a cursor.
type Bookmark struct {
	Issued time.Time // in whole seconds
	Marks  []Bookmarked
	Anew   [][]byte // parameters of further subscriptions, of which there is no place
}

// Bookmarked is how far a client has got with a subscription.
type Bookmarked struct {
	Cursor
	Parameters []byte    // of the subscription; nil where the client names it itself
	Issued     time.Time // in whole seconds, where that was before the bookmark; else zero
}

// Alone gives a bookmark of one of the marks, which is as old as that.
func (b *Bookmark) Alone(mark Bookmarked) *Bookmark {
	alone := &Bookmark{Issued: b.Issued, Marks: []Bookmarked{mark}}
	if !mark.Issued.IsZero() {
		alone.Issued, alone.Marks[0].Issued = mark.Issued, time.Time{}
	}
	return alone
}

// Find gives the place of a measurement in a live feed, or in a replay; of several in a live feed, the one behind which most is still to come.
func (b *Bookmark) Find(measurement atlas.MeasurementID, inReplay bool) (found Cursor, ok bool) {
	for _, mark := range b.Marks {
		if mark.Measurement != measurement || mark.Live != nil && inReplay || mark.Replay != nil && !inReplay {
			continue
		}
		//mutate:several-places
		if earlier := ok && found.Live != nil && mark.Live != nil && mark.Live.Offset < found.Live.Offset; !ok || earlier {
			found, ok = mark.Cursor, true
		}
	}
	return found, ok
}

func decodeBookmark(body []byte) (*Bookmark, error) {
	message := &cursorv1.Cursor{}
	if proto.Unmarshal(body, message) != nil {
		return nil, ErrDamaged
	}
	bookmark := &Bookmark{Issued: time.Unix(message.GetIssued(), 0), Anew: message.GetAnew()}
	for _, place := range message.GetPlaces() {
		cursor, sound := cursorOf(place)
		if !sound {
			return nil, ErrDamaged
		}
		mark := Bookmarked{Cursor: cursor, Parameters: place.GetParameters()}
		if issued := place.GetIssued(); issued != 0 {
			mark.Issued = time.Unix(issued, 0)
		}
		bookmark.Marks = append(bookmark.Marks, mark)
	}
	if len(bookmark.Marks) == 0 {
		return nil, ErrDamaged
	}
	return bookmark, nil
}
