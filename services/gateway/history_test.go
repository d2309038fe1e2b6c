package gateway

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

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
