package resume_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// What waits in an array has not been given, whatever else of its partition has.
//
//notices:tracker-of-other-measurements
func TestCursorDoesNotStandForWhatWaitsInAnArray(t *testing.T) {
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

// Of two messages of one record, the first does not stand for the second.
//
//notices:tracker-of-other-streams
func TestCursorDoesNotStandForTheOtherStream(t *testing.T) {
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

// A subscription that matches nothing for long has got on with its partition all the same, unless the client is behind there.
func TestCursorMovesOnWhereNothingMatches(t *testing.T) {
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
				t.Errorf("message %d: the quiet one stands at %d", i, got)
			}
		}
	})
}

// Subscriptions without a cursor are named too, from when one has a cursor until they end.
//
//notices:confirmed-not-remembered
func TestCursorNamesSubscriptionsWithoutOne(t *testing.T) {
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
			t.Errorf("got %s, want %s and nothing to remember", hub.Received[0], want)
		}
	})
}

// A client that is given its subscriptions back may be cut off before it has them all: its cursors stand for those that are left too.
//
//notices:given-back-forgotten,given-back-twice
func TestCursorStandsForWhatIsBeingGivenBack(t *testing.T) {
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
		hub.ExpectCheckpoints(t, 1, map[string]int64{marked: 1, other: 0, plain: 0}) // what the feed is just bringing, it has not brought to all
		hub.ExpectCheckpoints(t, 2, map[string]int64{marked: 2, other: 1, plain: 0})
		hub.Session.SetPending(recalled[:1])
		hub.Session.SetPending(nil)
		hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
		hub.Receive()
		hub.ExpectCheckpoints(t, 3, map[string]int64{marked: 3, other: 2, plain: 0})
	})
}

// What was not given back is not remembered, and neither is what has too many neighbours without cursors.
func TestCursorForgetsWhatIsRefused(t *testing.T) {
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

// Subscriptions come and go with the cursor, and too many of them have none for all.
func TestCursorNamesTheSubscriptionsThatThereAre(t *testing.T) {
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

// What a client has not got back yet stays where it was, and grows old, beside what it has got.
func TestCursorForWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const present, due = `{"msm":1,"cursor":""}`, `{"msm":2,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, present)
		at := cursor.Checkpoint{Measurement: 2, Live: cursor.Live{Topic: sessiontest.Topic, Offset: 17}}
		hub.Session.SetPending(sessiontest.Resumptions(t, hub.Session, cursor.SavedSubscription{Checkpoint: at, Parameters: []byte(due), Issued: time.Unix(1000, 0)}))
		hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
		hub.Receive()
		words := strings.Fields(hub.Received[len(hub.Received)-1])
		token, err := sessiontest.JSONCursors{}.Open(words[len(words)-1])
		if err != nil || len(token.Subscriptions) != 2 {
			t.Fatalf("got %+v, %v", token, err)
		}
		if got := token.Each()[1]; got.Checkpoint != at || string(got.Parameters) != due || !got.Issued.Equal(time.Unix(1000, 0)) {
			t.Errorf("got %+v of what is due", got)
		}
	})
}
