package replay

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// Replays start no earlier than the gateway goes back, whatever the log has.
//
//notices:replay-too-far-back
func TestHowFarReplaysGoBack(t *testing.T) {
	simulate(t, func(t *testing.T) {
		for _, test := range []struct {
			maxAge, age time.Duration
			refused     bool
		}{
			{time.Hour, time.Hour, false},
			{time.Hour, time.Hour + time.Second, true},
			{0, 200 * time.Hour, false},
		} {
			planner := newPlanner(withLive(0), nil)
			planner.settings.MaxAge = test.maxAge
			wanted, err := subscription.Parse(fmt.Appendf(nil, `{"msm":1,"startTime":%d}`, time.Now().Add(-test.age).Unix()))
			if err != nil {
				t.Fatal(err)
			}
			pacer, err := planner.Plan(t.Context(), wanted, nil, nil)
			if err == nil {
				pacer.Close()
			}
			refusal, refused := errors.AsType[*protocol.Error](err)
			if refused != test.refused || refused && refusal.Code != protocol.CodeBeforeLog {
				t.Errorf("%v ago with %v at most: got %v, want it refused: %v", test.age, test.maxAge, err, test.refused)
			}
		}
	})
}

// A replay that the log ends early tells why; one that its client ends does not.
func TestReplayThatEndsEarlyExplainsWhy(t *testing.T) {
	replay := &Replay{Measurement: 1, settings: &Settings{Logger: zap.NewNop()}}
	refusal := protocol.Errorf(protocol.CodeUnavailable, "the partitions were changed")
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"retention": {
			fmt.Errorf("reading: %w", &LostError{Offset: 10, First: 20}),
			"[gap] the log has lost what comes next in this replay, which ends here: it has 20 and what comes after it, not 10",
		},
		"no Kafka": {
			errors.New("connection refused"), "[unavailable] the log cannot be read any further, so this replay ends here; try again in some seconds",
		},
		"refusal":               {fmt.Errorf("reading: %w", refusal), refusal.Error()},
		"a client that is gone": {sendqueue.ErrClosed, sendqueue.ErrClosed.Error()},
	} {
		if got := replay.explain(test.err); got == nil || got.Error() != test.want {
			t.Errorf("%s: got %v, want %s", name, got, test.want)
		}
	}
	if err := replay.explain(nil); err != nil {
		t.Errorf("at its end: got %v", err)
	}
}
