package playback

import (
	"context"
	"errors"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
)

// stretch is a topic in memory that ends at an offset.
type stretch struct {
	sliceSource
	end int64
}

func (s *stretch) Position() int64 {
	if len(s.records) > 0 {
		return s.records[0].Position.Offset
	}
	return s.end
}

// What a stretch of the log has is delivered in the log's order, whatever its records' times, and all of it is written.
func TestCatchUp(t *testing.T) {
	records := topic("a", 30, 10, 20)
	sink := &recorder{}
	next, err := CatchUp(t.Context(), &stretch{sliceSource{records}, 100}, sink)
	if err != nil || next != 100 {
		t.Errorf("got %d, %v, want to go on at 100", next, err)
	}
	if got := sink.seconds(); len(got) != 3 || got[0] != 30 || got[1] != 10 || got[2] != 20 || sink.flushed != 3 {
		t.Errorf("got %v, of which %d were written", got, sink.flushed)
	}
}

// cramped is a client with room for so many records.
type cramped struct {
	recorder
	room int
}

var errNoRoom = errors.New("there is no room")

func (c *cramped) Room(context.Context) (time.Duration, error) {
	if len(c.delivered) == c.room {
		return 0, errNoRoom
	}
	return 0, nil
}

// Nothing is delivered without room for it, and what was delivered before is written.
//
//notices:catch-up-without-room
func TestCatchingUpWaitsForTheClient(t *testing.T) {
	sink := &cramped{room: 2}
	_, err := CatchUp(t.Context(), &stretch{sliceSource{topic("a", 1, 2, 3, 4)}, 100}, sink)
	if !errors.Is(err, errNoRoom) || len(sink.delivered) != 2 || sink.flushed != 2 {
		t.Errorf("got %v with %d records, %d of them written, want 2", err, len(sink.delivered), sink.flushed)
	}
}

// deaf is a client that refuses a record.
type deaf struct{ recorder }

var errDeaf = errors.New("it was not taken")

func (*deaf) Deliver(context.Context, *atlas.Record, func() *cursor.Replay) error { return errDeaf }

func TestCatchingUpEndsWithTheClient(t *testing.T) {
	if _, err := CatchUp(t.Context(), &stretch{sliceSource{topic("a", 1)}, 100}, &deaf{}); !errors.Is(err, errDeaf) {
		t.Errorf("got %v, want the client's error", err)
	}
}
