package session_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// With a cursor of several subscriptions, each resumes from its own checkpoint, and a subscription that it does not name from the earliest one.
func TestCursorOfSeveralSubscriptions(t *testing.T) {
	token := cursor.Token{Issued: time.Unix(1000, 0), StartOver: [][]byte{[]byte(`{"msm":1}`)}}
	for parameters, offset := range map[string]int64{`{"msm":1,"prb":1,"cursor":""}`: 99, `{"msm":1,"prb":2,"cursor":""}`: 60} {
		at := cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Topic: "atlas.results", Offset: offset}}
		token.Subscriptions = append(token.Subscriptions, cursor.SavedSubscription{Checkpoint: at, Parameters: []byte(parameters)})
	}
	for parameters, want := range map[string]int64{`"prb":1`: 99, `"prb":2`: 60, `"prb":3`: 60} {
		own := session.TokenOf(sessiontest.MustParse(t, `{"msm":1,"cursor":"",`+parameters+`}`), token)
		if from, err := own.Find(1, false); err != nil || from.Live.Offset != want || !own.Issued.Equal(token.Issued) {
			t.Errorf("%s: got %+v, want the offset %d", parameters, own, want)
		}
	}
}

// A cursor that was never valid is refused by another code than one that no longer is, in the parameter and in Socket.IO's recovery.
func TestUnreadableCursorsAreRefused(t *testing.T) {
	ours, others := sessiontest.NewSealedCursors("the secret of a test"), sessiontest.NewSealedCursors("the secret of a test")
	others.SetKeys([]byte("of another log"))
	place := cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Topic: sessiontest.Topic}}
	hub := sessiontest.NewLogHubWith(t, 5, session.Settings{Cursors: ours})
	defer hub.Close()
	for text, want := range map[string]string{
		"nonsense":                                "[bad_cursor] offset: the cursor is damaged",
		ours.Seal(cursor.At(place, time.Now())):   "[bad_cursor] offset: names no subscription",
		others.Seal(cursor.At(place, time.Now())): "[cursor_gone] offset: the cursor was sealed with another key",
	} {
		if _, err := hub.Session.Recall(t.Context(), text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("remembered: got %v, want %s", err, want)
		}
		if strings.HasSuffix(want, "no subscription") {
			continue
		}
		want = strings.Replace(want, "offset", "cursor", 1)
		if err := sessiontest.Subscribe(t, hub.Session, `{"msm":1,"cursor":"`+text+`"}`); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("in the parameter: got %v, want %s", err, want)
		}
	}
}

// All subscriptions of a replay resume from the same position.
func TestSubscriptionsResumeOneReplay(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		client := &sessiontest.RecordingClient{}
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		saved := func(parameters string, low int64) cursor.SavedSubscription {
			position := &cursor.Replay{Start: time.Unix(100, 0), Topics: []cursor.TopicPosition{{Topic: "results", Progress: cursor.Progress{Low: low}, End: 6}}}
			return cursor.SavedSubscription{Checkpoint: cursor.Checkpoint{Measurement: 1001, Replay: position}, Parameters: []byte(parameters)}
		}
		resume := func(saved cursor.SavedSubscription) error {
			return subscriber.Resume(t.Context(), session.NewResumption(saved))
		}
		subscriber.HoldReplays()
		for _, parameters := range []string{sessiontest.ReplayParameters, `{"msm":1001,"prb":1}`} {
			if err := resume(saved(parameters, 2)); err != nil {
				t.Fatal(err)
			}
		}
		const refused = "[already_playing] cursor: measurement 1001 is being replayed already, and not from there"
		sessiontest.ExpectRefusal(t, resume(saved(`{"msm":1001,"prb":2}`, 3)), refused)
		subscriber.StartHeldReplays()
		sessiontest.ExpectRefusal(t, resume(saved(`{"msm":1001,"prb":3}`, 2)), refused)
		if len(h.Log.Started()) != 1 {
			t.Errorf("started %q, want one replay", h.Log.Started())
		}
	})
}

// For each subscription of a client that reconnects, the log is asked once and one tail is held, also after CanResume.
func TestResumingAsksTheLogOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		hub.Log.Append(0, sessiontest.Records(5, 1, 1)...)
		token := cursor.Token{}
		for _, parameters := range []string{`{"msm":1,"cursor":""}`, `{"msm":1,"prb":1,"cursor":""}`} {
			at := cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Topic: sessiontest.Topic, Offset: 2}}
			token.Subscriptions = append(token.Subscriptions, cursor.SavedSubscription{Checkpoint: at, Parameters: []byte(parameters)})
		}
		subscriptions, err := hub.Session.Recall(t.Context(), sessiontest.JSONCursors{}.Seal(token))
		if err != nil {
			t.Fatal(err)
		}
		if err := hub.Session.CanResume(t.Context(), subscriptions[0]); err != nil {
			t.Fatal(err)
		}
		for _, resumed := range subscriptions {
			if err := hub.Session.Resume(t.Context(), resumed); err != nil {
				t.Fatal(err)
			}
			resumed.ReleaseTail()
		}
		if asked, followed, kept := hub.Log.Resumed.Load(), hub.Log.Followed.Load(), hub.Log.OpenTails.Load(); asked != 2 || followed != 0 || kept != 2 {
			t.Errorf("asked the log %d times, followed %d tails and kept %d, want 2, 0 and 2", asked, followed, kept)
		}
		hub.Receive()
		hub.Session.Leave()
		if kept := hub.Log.OpenTails.Load(); kept != 0 {
			t.Errorf("%d tails are kept after Leave", kept)
		}
		hub.Session = hub.MustJoin(t, hub.Client)
	})
}

// The tail that CanResume found is released if the subscription does not resume.
func TestResumptionReleasesItsTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		at := cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Topic: sessiontest.Topic, Offset: -1}}
		resumed := session.NewResumption(cursor.SavedSubscription{Checkpoint: at, Parameters: []byte(`{"msm":1,"cursor":""}`)})
		if err := hub.Session.CanResume(t.Context(), resumed); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			resumed.ReleaseTail()
		}
		if kept := hub.Log.OpenTails.Load(); kept != 0 {
			t.Errorf("%d tails are kept", kept)
		}
	})
}
