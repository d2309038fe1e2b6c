package gateway

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/activity"
)

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

// What cannot be read is left out and told, and what stands behind it is read.
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

// Of connection events that cannot be read, it is not said that there were none.
func TestConnectionEventsThatCannotBeReadAreNotKnown(t *testing.T) {
	for _, test := range []struct {
		unreadable []int64
		known      int // hours, up to now; of the first one a minute is not
	}{{nil, 23}, {[]int64{3}, 19}, {[]int64{0}, 22}, {[]int64{5, 20}, 2}, {[]int64{23}, 0}} {
		t.Run(fmt.Sprint(test.unreadable), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins at midnight
				known := newKnowledge(nil, zap.NewNop(), prometheus.NewRegistry())
				known.activity = activity.NewDay()
				since, err := known.takeConnections(0, 24, damaged(test.unreadable...))
				if err != nil || since.IsZero() != (test.unreadable == nil) {
					t.Fatalf("got %s, %v", since, err)
				}
				known.activity.SetKnownSince(since)
				counts := known.activity.Count(activity.Query{Step: time.Hour, Now: time.Now().Add(-time.Second)})
				hours := slices.DeleteFunc(counts.Known, func(is bool) bool { return !is })
				if len(hours) != test.known {
					t.Errorf("%d hours are known, want %d", len(hours), test.known)
				}
			})
		})
	}
}
