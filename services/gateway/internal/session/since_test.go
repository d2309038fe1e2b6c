package session_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/session"
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

// A client that reconnects by itself gets a subscription without cursors back from its time on; once that is too long ago, from now on, and is told so.
func TestReconnectSinceATimeThatIsGone(t *testing.T) {
	for name, test := range map[string]struct {
		parameters   string
		measurements []int
	}{
		"one":   {`{"msm":1,"since":%d}`, []int{1}},
		"lists": {`{"msm":[1,2],"prb":[1,2],"since":%d}`, []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHub(t, 1000)
				defer hub.Close()
				parameters := fmt.Sprintf(test.parameters, time.Now().UnixMilli())
				hub.Log.Append(0, sessiontest.Records(2, 1, 1)...)
				saved := cursor.SavedSubscription{Parameters: []byte(parameters)}
				if err := hub.Session.Resume(t.Context(), session.NewResumption(saved)); err != nil {
					t.Fatal(err)
				}
				hub.ExpectResults(t, 1, 0, 2)
				sessiontest.MustUnsubscribe(t, hub.Session, parameters)
				hub.Expect(t, `atlas_unsubscribed `+parameters)
				hub.Log.Partitions[0].First = 1
				if err := hub.Session.Resume(t.Context(), session.NewResumption(saved)); err != nil {
					t.Fatal(err)
				}
				hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
				var want []string
				for _, measurement := range test.measurements {
					want = append(want, fmt.Sprintf(`atlas_error "[before_log] since: the log has lost that; measurement %d restarts with what comes from now on, `+
						`from offset 2 of partition 0: what came in between is missing"`, measurement))
				}
				hub.Expect(t, append(want, `atlas_result {"msm_id":1,"offset":2}`)...)
			})
		})
	}
}
