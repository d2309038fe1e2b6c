package gateway

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/subscription"
)

func wantPast(t *testing.T, start time.Time) *subscription.Subscription {
	t.Helper()
	wanted, err := subscription.Parse(fmt.Appendf(nil, `{"msm":1,"startTime":%d}`, start.Unix()))
	if err != nil {
		t.Fatal(err)
	}
	return wanted
}

// What the log does not have any more is told as replays know it, and changed partitions are told with the topic.
func TestErrorsOfTheLogInReplays(t *testing.T) {
	gone := lostInReplay(fmt.Errorf("reading: %w", &eventlog.OffsetGoneError{Offset: 10, First: 20, Next: 30}))
	if lost, ok := errors.AsType[*replay.LostError](gone); !ok || *lost != (replay.LostError{Offset: 10, First: 20}) {
		t.Errorf("got %v", gone)
	}
	split := &eventlog.PartitionsChangedError{Topic: "atlas.archive.march-2015", Words: "has 16 partitions, and had 8 when this process started"}
	changed := lostInReplay(fmt.Errorf("reading: %w", split))
	if want := "[unavailable] nothing of this can be subscribed to or replayed until the log is mended: " + split.Error(); changed.Error() != want {
		t.Errorf("got %v, want %s", changed, want)
	}
	if err := lostInReplay(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the error as it is", err)
	}
}

// damaged reads a log with a connection event in each hour of a day, of which those at some offsets cannot be read.
func damaged(unreadable ...int64) func(from int64) iter.Seq2[atlas.Record, error] {
	began := time.Now().Add(-24 * time.Hour)
	return func(from int64) iter.Seq2[atlas.Record, error] {
		return func(yield func(atlas.Record, error) bool) {
			for offset := from; offset < 24; offset++ {
				if slices.Contains(unreadable, offset) {
					yield(atlas.Record{}, &eventlog.OffsetGoneError{Offset: offset, First: offset + 1, Unreadable: errors.New("a bad checksum")})
					return
				}
				event := atlas.Event{
					Stream: atlas.StreamProbeStatus, Probe: 1, Time: began.Add(time.Duration(offset)*time.Hour + time.Minute), Value: []byte(`{"event":"connect"}`),
				}
				if !yield(atlas.Record{Event: event, Position: atlas.Position{Offset: offset}}, nil) {
					return
				}
			}
		}
	}
}

// Unreadable records are left out and reported, and those after them are read.
func TestWhatCannotBeReadIsLeftOut(t *testing.T) {
	var got, left []int64
	for record, err := range readable(2, 24, damaged(3, 4, 10), func(gone *eventlog.OffsetGoneError) { left = append(left, gone.Offset) }) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, record.Position.Offset); record.Position.Offset == 12 {
			break
		}
	}
	if !slices.Equal(got, []int64{2, 5, 6, 7, 8, 9, 11, 12}) || !slices.Equal(left, []int64{3, 4, 10}) {
		t.Errorf("got %v without %v", got, left)
	}
	lost := errors.New("Kafka is away")
	for _, err := range readable(0, 24, func(int64) iter.Seq2[atlas.Record, error] {
		return func(yield func(atlas.Record, error) bool) { yield(atlas.Record{}, lost) }
	}, nil) {
		if !errors.Is(err, lost) {
			t.Errorf("got %v, want %v", err, lost)
		}
	}
}
