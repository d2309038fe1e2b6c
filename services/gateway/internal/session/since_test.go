package session_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/session/sessiontest"
)

// What came into the log since a time comes before what is new, also what is older than that, and no backlog is announced.
func TestSubscriptionSinceATime(t *testing.T) {
	for name, held := range map[string]int{"tail": 1000, "log": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHub(t, held)
				defer hub.Close()
				hub.Log.Append(0, sessiontest.Records(2, 1, 1)...)
				time.Sleep(10 * time.Minute)
				since := time.Now()
				late := sessiontest.Records(3, 1, 1)
				late[1].Time = late[1].Time.Add(-time.Hour)
				hub.Log.Append(0, late...)
				parameters := fmt.Sprintf(`{"msm":[1,2],"since":%d,"cursor":""}`, since.UnixMilli())
				sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(`{"msm":1,"since":%d}`, since.UnixMilli()))
				hub.ExpectResults(t, 1, 2, 5)
				sessiontest.MustUnsubscribe(t, hub.Session, `{"msm":1,"since":0}`)
				hub.Receive()
				hub.Received = nil
				sessiontest.MustSubscribe(t, hub.Session, parameters)
				synctest.Wait()
				hub.Log.Append(0, sessiontest.Records(1, 2, 1)...)
				hub.Receive()
				if len(hub.Received) != 4 {
					t.Errorf("got %q, want three results and a new one", hub.Received)
				}
				hub.Log.Partitions[0].First = 4
				sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, hub.Session, fmt.Sprintf(`{"msm":1,"prb":1,"since":%d}`, since.UnixMilli())), `[before_log] since: `)
			})
		})
	}
}
