package session_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// blockedLog has clients that attach to the tail wait until the test lets them proceed, as for a lock: also when their context has ended.
type blockedLog struct {
	*sessiontest.Log
	proceed chan struct{}
}

func (l *blockedLog) Rejoin(ctx context.Context, number int, offset int64, missed func([]atlas.Record)) (bool, error) {
	<-l.proceed
	return l.Log.Rejoin(ctx, number, offset, missed)
}

// mixed makes records of measurements 1 and 2 in turn.
func mixed(pairs int) (records []atlas.Record) {
	for range pairs {
		records = append(records, append(sessiontest.Records(1, 1, 1), sessiontest.Records(1, 2, 1)...)...)
	}
	return records
}

// resumeOther resumes a subscription to measurement 2 behind the first record of all.
func resumeOther(t *testing.T, hub *sessiontest.LogHub) {
	t.Helper()
	after := sessiontest.CursorAfter(2, 0)
	if err := hub.Session.Subscribe(context.Background(), sessiontest.MustParse(t, fmt.Sprintf(`{"msm":2,"cursor":%q}`, after)), []byte(`{"msm":2,"cursor":""}`)); err != nil {
		t.Fatal(err)
	}
}

// expectBoth expects all records of mixed.
func expectBoth(t *testing.T, hub *sessiontest.LogHub, pairs int) {
	t.Helper()
	hub.Receive()
	got, want := hub.ReceivedOffsets(), map[atlas.MeasurementID][]int64{}
	for pair := range int64(pairs) {
		want[1], want[2] = append(want[1], 2*pair), append(want[2], 2*pair+1)
	}
	for measurement := range want {
		if !slices.Equal(got[measurement], want[measurement]) {
			t.Errorf("got  %v of measurement %d\nwant %v", got[measurement], measurement, want[measurement])
		}
	}
}

// A subscription may want what stands before where its client's reading of the log has come to: the reading begins anew, for both.
//
//notices:reading-goes-on
func TestGoingBackWhileTheLogIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1}`)
		hub.Log.Append(0, mixed(60)...)
		synctest.Wait()
		for range 19 {
			hub.ReceiveSome(1)
		}
		synctest.Wait() // the log is read now, and its reader waits for room
		resumeOther(t, hub)
		expectBoth(t, hub, 60)
	})
}

// It may come between the look at where the client stands and what the feed holds from there on.
//
//notices:missed-from-elsewhere
func TestGoingBackWhileTheFeedIsRejoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 1000)
		defer hub.Close()
		blocked := &blockedLog{hub.Log, make(chan struct{})}
		hub.AddLog(atlas.StreamResult, blocked)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1}`)
		hub.Log.Append(0, mixed(60)...)
		hub.Receive()
		resumeOther(t, hub)
		close(blocked.proceed)
		expectBoth(t, hub, 60)
	})
}
