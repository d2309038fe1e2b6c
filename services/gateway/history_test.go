package gateway

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/playback"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

var longAgo = time.Unix(1, 0)

// oldLog has one record, of long ago, which cannot be read if there is an error.
type oldLog struct{ err error }

func (oldLog) Archives(context.Context) ([]string, error)                          { return nil, nil }
func (oldLog) Partition(context.Context, string, atlas.MeasurementID) (int, error) { return 0, nil }
func (oldLog) Bounds(context.Context, string, int) (first, next int64, err error)  { return 0, 1, nil }
func (l oldLog) Next(context.Context) (*atlas.Record, error)                       { return nil, l.err }
func (oldLog) Ready() bool                                                         { return false }
func (oldLog) Close()                                                              {}

func (l oldLog) Read(context.Context, string, atlas.MeasurementID, int64, int64, *readlimit.Account) (playback.Source, error) {
	return l, nil
}

func (oldLog) OffsetAt(_ context.Context, _ string, _ int, at time.Time) (int64, error) {
	if at.After(longAgo) {
		return 1, nil
	}
	return 0, nil
}

func (oldLog) ScanWithin(
	_ context.Context, _ string, _ int, _, to, _ int64, see func(atlas.MeasurementID, time.Time) bool, _ func(records, bytes int64),
) (next, bytes int64, err error) {
	see(1, longAgo)
	return to, 0, nil
}

func pastOf(log playback.Log, back time.Duration) *past {
	player := playback.NewPlayer(playback.Settings{
		Log: log, Measurements: nothingKnown{}, Topics: map[atlas.Stream]string{atlas.StreamResult: eventlog.ResultsTopic},
	}, prometheus.NewRegistry())
	return &past{player: player, back: back, logger: zap.NewNop()}
}

func wantPast(t *testing.T, start time.Time) *subscription.Subscription {
	t.Helper()
	wanted, err := subscription.Parse(fmt.Appendf(nil, `{"msm":1,"startTime":%d}`, start.Unix()))
	if err != nil {
		t.Fatal(err)
	}
	return wanted
}

// Replays begin no earlier than the gateway goes back, whatever the log has.
//
//notices:history-back
func TestHowFarReplaysGoBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			back, ago time.Duration
			refused   bool
		}{
			{time.Hour, time.Hour, false},
			{time.Hour, time.Hour + time.Second, true},
			{0, 10_000 * time.Hour, false},
		} {
			replay, err := pastOf(oldLog{}, test.back).Start(t.Context(), wantPast(t, time.Now().Add(-test.ago)), nil, nil)
			if err == nil {
				replay.Close()
			}
			refusal, refused := errors.AsType[*protocol.Error](err)
			if refused != test.refused || refused && refusal.Code != protocol.CodeBeforeLog {
				t.Errorf("back by %v of %v: got %v, want it refused: %v", test.ago, test.back, err, test.refused)
			}
		}
	})
}

// splitLog is one of whose topics somebody has changed the partitions.
type splitLog struct{ oldLog }

var errSplit = &eventlog.PartitionsChangedError{Topic: "atlas.archive.march-2015", Words: "has 16 partitions, and had 8 when this process started"}

func (splitLog) Partition(context.Context, string, atlas.MeasurementID) (int, error) {
	return 0, errSplit
}

// A replay that one topic's partitions keep from beginning says which topic that is.
func TestReplayOfALogWhosePartitionsWereChanged(t *testing.T) {
	_, err := pastOf(splitLog{}, 0).Start(t.Context(), wantPast(t, longAgo), nil, nil)
	if err == nil || err.Error() != "[unavailable] nothing of this can be subscribed to or replayed until the log is mended: "+errSplit.Error() {
		t.Errorf("got %v", err)
	}
}

// A replay that the log ends before its time says why; one that its client ends does not.
func TestReplayThatCannotGoOnSaysWhy(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"retention": {
			fmt.Errorf("reading: %w", &eventlog.OffsetGoneError{Offset: 10, First: 20, Next: 30}),
			"[gap] the log has lost what comes next in this replay, which ends here: it has 20 and what comes after it, not 10",
		},
		"no Kafka": {
			errors.New("connection refused"), "[unavailable] the log cannot be read any further, so this replay ends here; try again in some seconds",
		},
		"partitions that were changed": {
			fmt.Errorf("reading: %w", errSplit), "[unavailable] nothing of this can be subscribed to or replayed until the log is mended: " + errSplit.Error(),
		},
		"a client that is gone": {sendqueue.ErrClosed, sendqueue.ErrClosed.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			replay, err := pastOf(oldLog{test.err}, 0).Start(t.Context(), wantPast(t, longAgo), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer replay.Close()
			if err := replay.Run(t.Context(), &received{}); err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
