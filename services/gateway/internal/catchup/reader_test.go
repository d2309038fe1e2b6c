package catchup_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// A client without room for a record continues behind the last one that it got, from what the tail holds or from the log.
//
//notices:full-queue-skips-record,first-missed-record-skipped
func TestFullQueue(t *testing.T) {
	for name, held := range map[string]int{"tail": 1000, "log": 5} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHub(t, held)
				defer hub.Close()
				sessiontest.MustSubscribe(t, hub.Session, `{"msm":1}`)
				hub.Log.Append(0, sessiontest.Records(30, 1, 1)...)
				hub.Log.Append(0, sessiontest.Records(30, 1, 1)...)
				synctest.Wait()
				hub.ExpectLag(t, 1, 41) // the confirmation and 19 records were taken
				hub.ExpectResults(t, 1, 0, 60)
				hub.ExpectLag(t, 0, 0)
				hub.Log.Append(0, sessiontest.Records(2, 1, 1)...)
				hub.ExpectResults(t, 1, 60, 62)
				hub.ExpectOverflows(t, 0)
			})
		})
	}
}

// A client that lags more than the settings allow is told what it misses, and gets what comes live.
//
//notices:too-far-behind-unannounced
func TestTooFarBehind(t *testing.T) {
	for name, behind := range map[string]session.Behind{"time": {Time: time.Minute}, "bytes": {Bytes: 1000}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHubWith(t, 5, session.Settings{Behind: behind})
				defer hub.Close()
				sessiontest.MustSubscribe(t, hub.Session, `{"msm":1}`)
				hub.Log.Append(0, sessiontest.Records(40, 1, 1)...)
				time.Sleep(2 * time.Minute)
				hub.Log.Append(0, sessiontest.Records(60, 1, 1)...)
				hub.Receive()
				if told := hub.Received[len(hub.Received)-1]; len(hub.Received) != 20 || !strings.HasPrefix(told, `atlas_error "[gap] this client is too far behind: `) ||
					!strings.Contains(told, "from 19 to before 100 of partition 0") {
					t.Errorf("got %d messages, at last %s", len(hub.Received), told)
				}
				hub.Received = nil
				hub.Log.Append(0, sessiontest.Records(3, 1, 1)...)
				hub.ExpectResults(t, 1, 100, 103)
				hub.ExpectLag(t, 0, 0)
			})
		})
	}
}

// A gap is announced if the log loses records before a client has read them.
//
//notices:lost-records-unannounced
func TestLogLosesUnreadRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1}`)
		hub.Log.Append(0, sessiontest.Records(60, 1, 1)...)
		hub.Log.Partitions[0].First = 30
		hub.Receive()
		want := `atlas_error "[gap] the log has lost the records from 19 to before 30 of partition 0; some may have been yours"`
		if len(hub.Received) != 19+1+30 || hub.Received[19] != want {
			t.Errorf("got %d messages, %.300q, want 50, with %s", len(hub.Received), hub.Received[min(19, len(hub.Received)):], want)
		}
	})
}

// A log that is recreated begins with other offsets: clients that catch up continue there.
func TestLogIsTruncatedDuringCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1}`)
		hub.Log.Append(0, sessiontest.Records(60, 1, 1)...)
		partition := hub.Log.Partitions[0]
		partition.Lock()
		partition.Records, partition.Next = nil, 0
		hub.Log.Stream.Gap(0, 60, 0)
		partition.Unlock()
		hub.Log.Stream.Flush(0)
		hub.Log.Append(0, sessiontest.Records(3, 1, 1)...)
		hub.Receive()
		if last := hub.Received[len(hub.Received)-3:]; len(hub.Received) != 19+1+3 || !strings.HasPrefix(hub.Received[19], `atlas_error "[gap] partition 0 of the log was cut`) ||
			last[0] != `atlas_result {"msm_id":1,"offset":0}` {
			t.Errorf("got %d messages: %.500q", len(hub.Received), hub.Received[15:])
		}
	})
}

// A reader may notice before the tail that the log was recreated, or the tail may not notice it: the client is told once, and continues in the new log.
//
//notices:truncation-told-twice,stale-pass-restarts
func TestReaderAndTailNoticeThatLogIsRecreated(t *testing.T) {
	for name, notices := range map[string]bool{"later": true, "never": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHub(t, 5)
				defer hub.Close()
				sessiontest.MustSubscribe(t, hub.Session, `{"msm":1}`)
				hub.Log.Append(0, sessiontest.Records(60, 1, 1)...)
				partition := hub.Log.Partitions[0]
				partition.Lock()
				partition.Records, partition.Next, partition.Recreated = partition.Records[:30], 30, true
				partition.Unlock()
				hub.Receive()
				time.Sleep(4 * time.Second)
				if notices {
					partition.Lock()
					hub.Log.Stream.Gap(0, 60, 0)
					partition.Unlock()
					hub.Log.Stream.Flush(0)
				}
				time.Sleep(4 * time.Second)
				hub.Receive()
				if len(hub.Received) != 19+1+30 || !strings.HasPrefix(hub.Received[19], `atlas_error "[gap] partition 0 of the log was cut`) ||
					hub.Received[20] != `atlas_result {"msm_id":1,"offset":0}` {
					t.Errorf("got %d messages, want 50: %.500q", len(hub.Received), hub.Received[19:])
				}
			})
		})
	}
}

// A subscription to a measurement that has stopped ends once the log has been read for it.
func TestBacklogOfAStoppedMeasurement(t *testing.T) {
	for name, held := range map[string]int{"tail": 1000, "log": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHub(t, held)
				defer hub.Close()
				hub.Log.Append(0, sessiontest.Records(3, 1, 1)...)
				hub.ChangeMeasurement(atlas.Measurement{ID: 1, Public: true, Stopped: true})
				const parameters = `{"msm":1,"sendBacklog":true}`
				sessiontest.MustSubscribe(t, hub.Session, parameters)
				hub.Expect(t, `atlas_result {"msm_id":1,"offset":0}`, `atlas_result {"msm_id":1,"offset":1}`, `atlas_result {"msm_id":1,"offset":2}`,
					`atlas_backlog_sent `+parameters, `atlas_unsubscribed `+parameters)
				if left := sessiontest.Subscriptions(hub.Session); left != 0 {
					t.Errorf("%d subscriptions are left", left)
				}
			})
		})
	}
}

// Results that the log has of a measurement are delivered if it stops, and not if it becomes private.
func TestMeasurementChangesDuringCatchUp(t *testing.T) {
	for name, test := range map[string]struct {
		change atlas.Measurement
		heard  int
	}{
		"stopped": {atlas.Measurement{ID: 1, Public: true, Stopped: true}, 60 + 1},
		"private": {atlas.Measurement{ID: 1}, 19 + 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHub(t, 5)
				defer hub.Close()
				sessiontest.MustSubscribe(t, hub.Session, `{"msm":1}`)
				hub.Log.Append(0, sessiontest.Records(60, 1, 1)...)
				hub.ChangeMeasurement(test.change)
				hub.Log.Append(0, sessiontest.Records(10, 1, 1)...)
				hub.Receive()
				if last := hub.Received[len(hub.Received)-1]; len(hub.Received) != test.heard || last != `atlas_unsubscribed {"msm":1}` {
					t.Errorf("got %d messages, at last %s, want %d", len(hub.Received), last, test.heard)
				}
				_, detached := sessiontest.Targets(hub.Log.Stream.Partition(0))
				if left := sessiontest.Subscriptions(hub.Session); left != 0 || detached != 0 {
					t.Errorf("%d subscriptions are left", left)
				}
			})
		})
	}
}

// The backlog omits records that are too old, and ends where the log ended when the client subscribed.
//
//notices:backlog-sent-early,backlog-sent-late,backlog-age-unlimited
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 100)
		defer hub.Close()
		hub.Log.Append(0, sessiontest.Records(5, 1, 1)...)
		time.Sleep(2 * time.Minute)
		late := sessiontest.Records(6, 1, 1)
		late[2].Time = late[2].Time.Add(-time.Hour)
		hub.Log.Append(0, late...)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"sendBacklog":true}`)
		late = sessiontest.Records(2, 1, 1)
		late[0].Time = late[0].Time.Add(-time.Hour)
		hub.Log.Append(0, late...)
		result := func(offset int) string { return fmt.Sprintf(`atlas_result {"msm_id":1,"offset":%d}`, offset) }
		hub.Expect(t, result(5), result(6), result(8), result(9), result(10), `atlas_backlog_sent {"msm":1,"sendBacklog":true}`, result(11), result(12))
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":2,"sendBacklog":true}`)
		hub.Expect(t, `atlas_backlog_sent {"msm":2,"sendBacklog":true}`)
	})
}

// A client that leaves during catch-up leaves nothing running, and one that ends a subscription gets no more records of it.
func TestLeavingDuringCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1}`)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":2}`)
		hub.Log.Append(0, append(sessiontest.Records(40, 1, 1), sessiontest.Records(40, 2, 1)...)...)
		sessiontest.MustUnsubscribe(t, hub.Session, `{"msm":1}`)
		hub.Receive()
		if last := hub.Received[len(hub.Received)-1]; len(hub.Received) != 18+1+40 || last != `atlas_result {"msm_id":2,"offset":79}` {
			t.Errorf("got %d messages, at last %s", len(hub.Received), last)
		}
		hub.Log.Append(0, sessiontest.Records(40, 2, 1)...)
		hub.Close() // and nothing keeps the test from ending
	})
}

// The lag of a client is the age of the next record that it wants, and not of others.
func TestSparseMeasurementIsNotFarBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHubWith(t, 5, session.Settings{Behind: session.Behind{Time: time.Minute}})
		defer hub.Close()
		other := &sessiontest.RecordingClient{}
		sessiontest.MustSubscribe(t, hub.MustJoin(t, other), `{"msm":2}`)
		hub.Log.Append(0, sessiontest.Records(50, 2, 1)...)
		time.Sleep(2 * time.Minute)
		hub.Log.Append(0, sessiontest.Records(10, 2, 1)...)
		hub.Log.Append(0, append(sessiontest.Records(1, 1, 1), sessiontest.Records(10, 2, 1)...)...)
		after := sessiontest.CursorAfter(1, 3)
		if err := sessiontest.Subscribe(t, hub.Session, fmt.Sprintf(`{"msm":1,"cursor":%q}`, after)); err != nil {
			t.Fatal(err)
		}
		hub.Receive()
		if len(hub.Received) != 1 || !strings.HasPrefix(hub.Received[0], `atlas_result {"msm_id":1,"offset":60}`) {
			t.Errorf("got %q", hub.Received)
		}
	})
}

// A client that catches up is sent no more than it has room for, and the rest once it has room again.
//
//notices:catch-up-without-room
func TestCatchingUpWaitsForTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		hub.Log.Append(0, sessiontest.Records(30, 1, 1)...)
		client := sessiontest.NewBlockedClient(4)
		subscriber := hub.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1,"sendBacklog":true}`)
		time.Sleep(time.Minute)
		if got := len(client.Take(t)); got < 2 || got > 4 {
			t.Errorf("got %d messages before there was room, want the confirmation and 3 records at most", got)
		}
		client.Unblock()
		time.Sleep(time.Minute)
		if got := len(client.Take(t)); got < 27 {
			t.Errorf("got %d messages once there was room, want the rest", got)
		}
	})
}
