package catchup_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// A subscription that resumes behind a cursor has no records of others delivered a second time.
//
//notices:rewind-stops-others,rewind-repeats-for-others
func TestResumingBesideAnotherSubscription(t *testing.T) {
	for name, busy := range map[string]int{"live": 0, "catching up": 40} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHub(t, 5)
				defer hub.Close()
				hub.Log.Append(0, append(sessiontest.Records(10, 1, 1), sessiontest.Records(10, 2, 1)...)...)
				sessiontest.MustSubscribe(t, hub.Session, `{"msm":1}`)
				hub.Log.Append(0, sessiontest.Records(busy, 1, 1)...)
				after := sessiontest.CursorAfter(2, 14)
				if err := sessiontest.Subscribe(t, hub.Session, fmt.Sprintf(`{"msm":2,"cursor":%q}`, after)); err != nil {
					t.Fatal(err)
				}
				hub.Log.Append(0, append(sessiontest.Records(1, 1, 1), sessiontest.Records(1, 2, 1)...)...)
				hub.Receive()
				got := map[atlas.MeasurementID][]int64{}
				for _, message := range hub.Received {
					measurement, offsets := sessiontest.Offsets(strings.Fields(message)[1])
					got[measurement] = append(got[measurement], offsets...)
				}
				if want := []int64{15, 16, 17, 18, 19, int64(21 + busy)}; !slices.Equal(got[2], want) {
					t.Errorf("got %v of measurement 2, want %v", got[2], want)
				}
				if len(got[1]) != busy+1 || !slices.IsSorted(got[1]) || got[1][0] != 20 {
					t.Errorf("got %v of measurement 1", got[1])
				}
			})
		})
	}
}

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

// A subscription may resume before the offset that its client reads: the read restarts there, for both.
//
//notices:pass-survives-rewind
func TestRewindDuringARead(t *testing.T) {
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

// A subscription may resume between the lookup of the client's offset and that of what the tail holds from there on.
//
//notices:stale-pass-delivers
func TestRewindDuringAttach(t *testing.T) {
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
