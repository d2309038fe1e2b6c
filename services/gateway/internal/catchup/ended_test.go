package catchup_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// A list of which a part brings the last record that it may while its client catches up ends at once, although nothing more is delivered live: its other part is
// in another partition.
//
//notices:ended-behind-untold
func TestListEndsWhenAPartReachesTheLimitWhileCatchingUp(t *testing.T) {
	const limited = `{"msm":[1,2],"limit":45}`
	for name, held := range map[string]int{"tail": 1000, "log": 5} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := newHubOfPartitions(t, 2, held)
				defer hub.Close()
				sessiontest.MustSubscribe(t, hub.Session, limited)
				number, _ := hub.Log.PartitionOf(1)
				hub.Log.Append(number, sessiontest.Records(60, 1, 1)...)
				var want []string
				for offset := range 45 {
					want = append(want, fmt.Sprintf(`atlas_result {"msm_id":1,"offset":%d}`, offset))
				}
				hub.Expect(t, append(want, `atlas_unsubscribed `+limited)...)
				if left := sessiontest.Subscriptions(hub.Session); left != 0 {
					t.Errorf("%d subscriptions are left", left)
				}
			})
		})
	}
}

// newHubOfPartitions makes a LogHub whose log has so many partitions, of each of which the tail holds so many records.
func newHubOfPartitions(t *testing.T, partitions, tailLength int) *sessiontest.LogHub {
	t.Helper()
	hub := &sessiontest.LogHub{
		Hub: sessiontest.NewHubWithoutSources(session.Settings{
			Limits: session.Limits{Clients: 1, Subscriptions: partitions},
			Behind: session.Behind{Time: time.Hour, Bytes: 1 << 40, Readers: 1, ReadersOfAddress: 1},
		}),
		Log: sessiontest.NewLog(partitions, tailLength), Client: sessiontest.NewQueuedClient(),
	}
	hub.AddLog(atlas.StreamResult, hub.Log)
	hub.Session = hub.MustJoin(t, hub.Client)
	return hub
}
