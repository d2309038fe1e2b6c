package resume_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// confirmation subscribes, and gives the confirmation.
func confirmation(t *testing.T, hub *sessiontest.LogHub, parameters string) (confirmed string) {
	t.Helper()
	sessiontest.MustSubscribe(t, hub.Session, parameters)
	for {
		messages, _ := hub.Client.Take(1)
		if len(messages) == 0 {
			return confirmed
		}
		if text := string(messages[0].Payload()); strings.HasPrefix(text, protocol.EventSubscribed) {
			confirmed = text // behind which, as there is room now, a record may come already
		}
	}
}

// wantCursors has confirmations carry cursors: those of the session, or of the subscription.
func wantCursors(hub *sessiontest.LogHub, ofSession bool) {
	if hub.Client.SessionCursors = ofSession; !ofSession {
		hub.Session.Encoding = sessiontest.ConfirmationCursorEncoding{}
	}
}

// No record is missing behind the cursor of a confirmation.
//
//notices:confirmation-cursor-too-late
func TestCursorOfAConfirmation(t *testing.T) {
	for _, ofSession := range []bool{true, false} {
		testConfirmations(t, ofSession)
	}
}

func testConfirmations(t *testing.T, ofSession bool) {
	t.Helper()
	after := sessiontest.CursorAfter(1, 7)
	for parameters, want := range map[string]int64{
		`{"msm":1,"prb":2,"cursor":""}`:                     19,
		fmt.Sprintf(`{"msm":1,"prb":2,"cursor":%q}`, after): 7,
		`{"msm":1,"prb":2,"sendBacklog":true,"cursor":""}`:  9,
	} {
		synctest.Test(t, func(t *testing.T) {
			hub := sessiontest.NewLogHub(t, 5)
			defer hub.Close()
			wantCursors(hub, ofSession)
			hub.Log.Append(0, sessiontest.Records(10, 1, 1)...)
			time.Sleep(2 * time.Minute)
			hub.Log.Append(0, sessiontest.Records(10, 1, 1)...)
			for _, got := range sessiontest.Checkpoints(t, confirmation(t, hub, parameters)) {
				if got != want {
					t.Errorf("%s: got a cursor behind %d, want %d", parameters, got, want)
				}
			}
		})
	}
}

// A replay has no position before its first record: a client that reconnects gets it from its start.
func TestConfirmationOfAReplayHasNoCursor(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		client := &sessiontest.RecordingClient{}
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		subscriber.Encoding = sessiontest.ConfirmationCursorEncoding{}
		const replay = `{"msm":1001,"startTime":100,"cursor":""}`
		sessiontest.MustSubscribe(t, subscriber, replay)
		client.Expect(t, "atlas_subscribed "+replay)
	})
}

// A cursor is not behind a record that did not fit, and is still to be delivered.
//
//notices:undelivered-record-tracked
func TestCursorOmitsRecordsThatDidNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const first, second = `{"msm":1,"cursor":""}`, `{"msm":2,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, first)
		hub.Log.Append(0, sessiontest.Records(30, 1, 1)...)
		if got := sessiontest.Checkpoints(t, confirmation(t, hub, second)); got[first] != 18 {
			t.Errorf("got a cursor behind %d, want 18, as the record at 19 was one too many", got[first])
		}
	})
}
