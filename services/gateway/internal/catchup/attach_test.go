package catchup_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// A client that has missed more records than are delivered at a time gets all of them from the tail, each once, and then what comes live.
//
//notices:missed-record-repeated,attach-with-rest
func TestAttachAfterManyMissedRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 2*catchup.MaxHeld + 100
		hub := sessiontest.NewLogHub(t, many)
		hub.Client.SetLimits(sendqueue.Limits{Bytes: 1 << 20, Messages: 4 * many})
		defer hub.Close()
		hub.Log.Append(0, sessiontest.Records(many, 1, 1)...)
		after := sessiontest.CursorAfter(1, -1)
		sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(`{"msm":1,"cursor":%q}`, after))
		hub.Receive()
		hub.ExpectLag(t, 0, 0)
		hub.Log.Append(0, sessiontest.Records(3, 1, 1)...)
		hub.Receive()
		for i, message := range hub.Received {
			if _, offsets := sessiontest.Offsets(strings.Fields(message)[1]); offsets[0] != int64(i) {
				t.Fatalf("message %d: got record %d", i, offsets[0])
			}
		}
		if len(hub.Received) != many+3 {
			t.Errorf("got %d records, want %d", len(hub.Received), many+3)
		}
	})
}

// measuredLog records the most steps for which a client that attaches to the tail holds it up.
type measuredLog struct {
	*sessiontest.Log
	t    *testing.T
	hub  *sessiontest.Hub
	most int
}

func (l *measuredLog) Rejoin(ctx context.Context, number int, offset int64, missed func([]atlas.Record)) (bool, error) {
	return l.Log.Rejoin(ctx, number, offset, func(records []atlas.Record) {
		begun := l.hub.MatchingWork(l.t)
		missed(records)
		l.most = max(l.most, cost.StepsOf(l.hub.MatchingWork(l.t).Sub(begun)))
	})
}

// A client that attaches to the tail holds it up for about a millisecond at a time, whatever its subscriptions cost.
func TestAbuseAttaching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, catchup.MaxHeld)
		hub.Client.SetLimits(sendqueue.Limits{Bytes: 1 << 20, Messages: 4 * catchup.MaxHeld})
		defer hub.Close()
		measured := &measuredLog{Log: hub.Log, t: t, hub: hub.Hub}
		hub.AddLog(atlas.StreamResult, measured)
		hub.Log.Append(0, sessiontest.Records(catchup.MaxHeld, 1, 1)...)
		after := sessiontest.CursorAfter(1, -1)
		sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(`{"msm":1,"acceptedFields":["offset"],"cursor":%q}`, after))
		const others = 4 // which each ask five conditions in vain
		for number := range others {
			sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(
				`{"msm":1,"type":"ping","greaterTo":{"msm_id":0,"offset":-1},"lessThan":{"msm_id":2,"offset":-%d},"cursor":%q}`, 1+number, after))
		}
		hub.Receive()
		hub.ExpectLag(t, 0, 0)
		const stepsOfCondition = 4                                                           // as cost charges them
		const least, most = 5 * others * stepsOfCondition, 2 * 5 * others * stepsOfCondition // for a record
		if measured.most == 0 || measured.most > catchup.MaxHeldSteps+most || catchup.MaxHeld*least <= catchup.MaxHeldSteps+most {
			t.Errorf("the tail was held up for %d steps", measured.most)
		}
		if len(hub.Received) != catchup.MaxHeld {
			t.Errorf("got %d records, want %d", len(hub.Received), catchup.MaxHeld)
		}
	})
}
