package resume_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/notice"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// A record that waits in a batch is not delivered yet, whatever else of its partition is.
//
//notices:tracker-of-other-measurements
func TestCursorOmitsRecordsOfABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const buffered, plain = `{"msm":1,"buffering":true,"cursor":""}`, `{"msm":2,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, buffered)
		sessiontest.MustSubscribe(t, hub.Session, plain)
		hub.Log.Append(0, append(sessiontest.Records(1, 1, 1), sessiontest.Records(1, 2, 1)...)...)
		hub.Log.Append(0, sessiontest.Records(1, 2, 1)...)
		hub.Receive()
		hub.ExpectCheckpoints(t, 0, map[string]int64{buffered: -1, plain: 1})
		hub.ExpectCheckpoints(t, 1, map[string]int64{buffered: -1, plain: 2})
		time.Sleep(time.Second)
		hub.Receive()
		hub.ExpectCheckpoints(t, 2, map[string]int64{buffered: 0, plain: 2})
	})
}

// Of two messages of one record, the cursor of the first is not behind the second.
//
//notices:tracker-of-other-streams
func TestCursorOfARecordInTwoStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		hub.AddLog(atlas.StreamProbeStatus, hub.Log)
		const results, statuses = `{"msm":7000,"cursor":""}`, `{"stream_type":"probestatus","cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, results)
		sessiontest.MustSubscribe(t, hub.Session, statuses)
		hub.Log.Append(0, sessiontest.Records(1, 7000, 1)...)
		hub.Receive()
		first, second := results, statuses
		if strings.HasPrefix(hub.Received[0], "atlas_probestatus") {
			first, second = statuses, results
		}
		hub.ExpectCheckpoints(t, 0, map[string]int64{first: 0, second: -1})
		hub.ExpectCheckpoints(t, 1, map[string]int64{first: 0, second: 0})
	})
}

// A subscription that matches nothing advances with its partition, unless the client catches up there.
func TestCursorAdvancesWithoutMatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const quiet, busy = `{"msm":1,"prb":9,"cursor":""}`, `{"msm":2,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, quiet)
		sessiontest.MustSubscribe(t, hub.Session, busy)
		for range 5 {
			hub.Log.Append(0, append(sessiontest.Records(3, 1, 1), sessiontest.Records(1, 2, 1)...)...)
		}
		hub.Receive()
		hub.ExpectCheckpoints(t, 4, map[string]int64{quiet: 15, busy: 19})
		hub.Received = nil
		hub.Log.Append(0, append(sessiontest.Records(30, 2, 1), sessiontest.Records(1, 1, 9)...)...)
		hub.Receive()
		for i, message := range hub.Received {
			if got := sessiontest.Checkpoints(t, message)[quiet]; got != 50 && got > int64(19+i) {
				t.Errorf("message %d: the quiet one is at %d", i, got)
			}
		}
	})
}

// Cursors of a session name subscriptions without cursors too.
//
//notices:confirmed-subscription-not-saved
func TestCursorNamesSubscriptionsWithoutCursors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const marked, before, after = `{"msm":1,"cursor":""}`, `{"msm":2}`, `{"msm":3,"prb":5}`
		sessiontest.MustSubscribe(t, hub.Session, before)
		sessiontest.MustSubscribe(t, hub.Session, marked)
		sessiontest.MustSubscribe(t, hub.Session, after)
		sessiontest.MustUnsubscribe(t, hub.Session, before)
		messages, _ := hub.Client.Take(1 << 20)
		for _, message := range messages {
			hub.Received = append(hub.Received, string(message.Payload()))
		}
		if want := "atlas_subscribed " + before; hub.Received[0] != want {
			t.Errorf("got %s, want %s", hub.Received[0], want)
		}
		hub.ExpectCheckpoints(t, 1, map[string]int64{marked: -1, before: 0})
		hub.ExpectCheckpoints(t, 2, map[string]int64{marked: -1, before: 0, after: 0})
		hub.ExpectCheckpoints(t, 3, map[string]int64{marked: -1, after: 0})
		sessiontest.MustUnsubscribe(t, hub.Session, marked)
		hub.Received = nil
		hub.Receive()
		if want := "atlas_unsubscribed " + marked; strings.TrimSpace(hub.Received[0]) != want {
			t.Errorf("got %s, want %s and no cursor", hub.Received[0], want)
		}
	})
}

// A client may be disconnected before all its subscriptions have resumed: its cursors name those that are pending too.
//
//notices:pending-subscription-lost,resumed-subscription-pending
func TestCursorOfPendingSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const marked, other, plain = `{"msm":1,"cursor":""}`, `{"msm":2,"cursor":""}`, `{"msm":3}`
		recalled := sessiontest.Resumptions(t, hub.Session,
			cursor.SavedSubscription{Checkpoint: cursor.Checkpoint{Measurement: 1}, Parameters: []byte(marked)},
			cursor.SavedSubscription{Checkpoint: cursor.Checkpoint{Measurement: 2}, Parameters: []byte(other)},
			cursor.SavedSubscription{Parameters: []byte(plain)},
		)
		for i, subscription := range recalled {
			hub.Session.SetPending(recalled[i:])
			sessiontest.MustSubscribe(t, hub.Session, string(subscription.Parameters()))
			hub.Client.Take(1 << 20) // its confirmation
			hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
			hub.Receive()
		}
		hub.ExpectCheckpoints(t, 0, map[string]int64{marked: 0, other: 0, plain: 0})
		hub.ExpectCheckpoints(t, 1, map[string]int64{marked: 1, other: 0, plain: 0}) // the record that is being delivered is not delivered to all
		hub.ExpectCheckpoints(t, 2, map[string]int64{marked: 2, other: 1, plain: 0})
		hub.Session.SetPending(recalled[:1])
		hub.Session.SetPending(nil)
		hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
		hub.Receive()
		hub.ExpectCheckpoints(t, 3, map[string]int64{marked: 3, other: 2, plain: 0})
	})
}

// What is sent between the beginning of a subscription that was pending and its confirmation names it once.
//
//notices:resumed-subscription-pending
func TestCursorNamesAPendingSubscriptionOnceThatBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const marked = `{"msm":1,"cursor":""}`
		at := cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Offset: 7}}
		hub.Session.SetPending(sessiontest.Resumptions(t, hub.Session, cursor.SavedSubscription{Checkpoint: at, Parameters: []byte(marked)}))
		tracker := hub.Session.Checkpoints.Get()
		wanted := sessiontest.MustParse(t, marked)
		tracker.Begin(&notice.Subscription{Wanted: wanted, Parameters: []byte(marked)}, cursor.Place{Source: hub.Log.Stream.Partition(0), Checkpoint: at}, nil)
		if err := tracker.Send("meanwhile", []byte("{}")); err != nil {
			t.Fatal(err)
		}
		hub.Receive()
		hub.ExpectCheckpoints(t, 0, map[string]int64{marked: 7})
	})
}

// Subscriptions that did not resume are forgotten, and so are those without cursors if there are too many.
func TestCursorForgetsRefusedSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHubWith(t, 100, session.Settings{Limits: session.Limits{Subscriptions: 1000}})
		hub.Client.SessionCursors = true
		defer hub.Close()
		const marked = `{"msm":1,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, marked)
		hub.Session.SetPending(sessiontest.Resumptions(t, hub.Session, cursor.SavedSubscription{Parameters: []byte(`{"msm":9}`)}))
		hub.Session.SetPending(nil)
		hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
		hub.Receive()
		hub.ExpectCheckpoints(t, 0, map[string]int64{marked: 0})
		for measurement := range 300 {
			sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(`{"msm":%d}`, measurement+10))
			hub.Client.Take(1 << 20)
		}
		hub.Received = nil
		hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
		hub.Receive()
		own := sessiontest.CursorAfter(1, 1)
		if want := `atlas_result {"msm_id":1,"offset":1} ` + own; !slices.Equal(hub.Received, []string{want}) {
			t.Errorf("got %.300q, want %s", hub.Received, want)
		}
	})
}

// Cursors name the active subscriptions. If there are too many, each has its own cursor.
func TestCursorNamesActiveSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHubWith(t, 100, session.Settings{Limits: session.Limits{Subscriptions: 100}})
		hub.Client.SessionCursors = true
		defer hub.Close()
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1, "cursor":"", "prb":1}`)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"cursor":"","prb":2}`)
		sessiontest.MustUnsubscribe(t, hub.Session, `{"msm":1,"cursor":"","prb":1}`)
		hub.Receive()
		hub.ExpectCheckpoints(t, 0, map[string]int64{`{"msm":1,"prb":2,"cursor":""}`: -1})
		for probe := range 60 {
			sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(`{"msm":1,"cursor":"","prb":%d}`, probe+10))
			hub.Receive()
		}
		hub.Received = nil
		hub.Log.Append(0, sessiontest.Records(1, 1, 2)...)
		hub.Receive()
		own := sessiontest.CursorAfter(1, 0)
		if want := `atlas_result {"msm_id":1,"offset":0} ` + own; !slices.Equal(hub.Received, []string{want}) {
			t.Errorf("got %q, want %s", hub.Received, want)
		}
	})
}

// watchedLog is a fake log that calls following before a subscription follows it.
type watchedLog struct {
	*sessiontest.Log
	following func()
}

func (l *watchedLog) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(partition int, next int64)) (release func(), err error) {
	l.following()
	return l.Log.Follow(ctx, measurement, attach)
}

// A cursor does not name a list before all of it has begun: the client does not know yet that it has that.
func TestCursorOmitsAListThatHasNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const plain, list = `{"msm":2,"cursor":""}`, `{"msm":[1,7000],"cursor":""}`
		connections := &watchedLog{Log: sessiontest.NewLog(1, 100), following: func() { hub.Log.Append(0, sessiontest.Records(1, 2, 1)...) }}
		connections.AddTo(hub.Hub.Hub, atlas.StreamProbeStatus, connections)
		sessiontest.MustSubscribe(t, hub.Session, plain)
		sessiontest.MustSubscribe(t, hub.Session, list) // 7000 begins after 1
		hub.Log.Append(0, sessiontest.Records(1, 2, 1)...)
		hub.Receive()
		hub.ExpectCheckpoints(t, 0, map[string]int64{plain: 0})
		if got := sessiontest.Checkpoints(t, hub.Received[1]); len(got) == 1 {
			t.Errorf("got a cursor of %v, want one of the list too", got)
		}
	})
}

// Once a list has resumed, none of its measurements is pending any more.
func TestCursorOfAPendingList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		at := func(measurement atlas.MeasurementID) cursor.Checkpoint {
			return cursor.Checkpoint{Measurement: measurement, Live: cursor.Live{Topic: sessiontest.Topic, Offset: -1}}
		}
		const list, pending = `{"msm":[1,2],"cursor":""}`, `{"msm":3,"cursor":""}`
		recalled := sessiontest.Resumptions(t, hub.Session,
			cursor.SavedSubscription{Checkpoint: at(1), Parameters: []byte(list)}, cursor.SavedSubscription{Checkpoint: at(2)},
			cursor.SavedSubscription{Checkpoint: at(3), Parameters: []byte(pending)},
		)
		hub.Session.SetPending(recalled)
		if err := hub.Session.Resume(t.Context(), recalled[0]); err != nil {
			t.Fatal(err)
		}
		hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
		hub.Receive()
		words := strings.Fields(hub.Received[len(hub.Received)-1])
		token, err := sessiontest.JSONCursors{}.Open(words[len(words)-1])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, saved := range token.Each() {
			got = append(got, fmt.Sprintf("%d %s", saved.Measurement, saved.Parameters))
		}
		if want := []string{"1 " + list, "2 ", "3 " + pending}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Where there are too many for one cursor, nothing is gathered for it with each record.
func TestAbuseTooManySubscriptionsForOneCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHubWith(t, 100, session.Settings{Limits: session.Limits{Subscriptions: 1000}})
		hub.Client.SessionCursors = true
		defer hub.Close()
		for probe := range 1000 {
			sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(`{"msm":1,"cursor":"","prb":%d}`, probe+1))
			hub.Client.Take(1 << 20)
		}
		const rounds, most = 50, 30_000 // bytes
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range rounds {
			hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
			hub.Receive()
		}
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) / rounds; used > most || len(hub.Received) != rounds {
			t.Errorf("%d bytes are allocated for each of %d records, want %d at most", used, len(hub.Received), most)
		}
	})
}

// A pending subscription keeps its checkpoint and its age.
func TestPendingSubscriptionKeepsItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const present, pending = `{"msm":1,"cursor":""}`, `{"msm":2,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, present)
		at := cursor.Checkpoint{Measurement: 2, Live: cursor.Live{Topic: sessiontest.Topic, Offset: 17}}
		hub.Session.SetPending(sessiontest.Resumptions(t, hub.Session, cursor.SavedSubscription{Checkpoint: at, Parameters: []byte(pending), Issued: time.Unix(1000, 0)}))
		hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
		hub.Receive()
		words := strings.Fields(hub.Received[len(hub.Received)-1])
		token, err := sessiontest.JSONCursors{}.Open(words[len(words)-1])
		if err != nil || len(token.Subscriptions) != 2 {
			t.Fatalf("got %+v, %v", token, err)
		}
		if got := token.Each()[1]; got.Checkpoint != at || string(got.Parameters) != pending || !got.Issued.Equal(time.Unix(1000, 0)) {
			t.Errorf("got %+v of the pending one", got)
		}
	})
}
