package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// reconnect subscribes as an endpoint does for a client that reconnects by itself.
func reconnect(t *testing.T, subscriber *session.Session, parameters string) error {
	t.Helper()
	return reconnectWith(t, subscriber, parameters, sessiontest.EmptyCursor)
}

func reconnectWith(t *testing.T, subscriber *session.Session, parameters, after string) error {
	t.Helper()
	defer subscriber.Client.Flush()
	wanted := sessiontest.MustParse(t, parameters)
	wanted.ResumeAfter(after)
	return subscriber.Subscribe(context.Background(), wanted, []byte(parameters))
}

// A client that reconnects with a cursor that is gone gets an error right behind the confirmation, and then what its parameters ask for.
//
//notices:expired-cursor-refused
func TestReconnectWithAGoneCursor(t *testing.T) {
	const missed = "[cursor_gone] it is gone; measurement 1 restarts with "
	const old = `{"msm":1,"cursor":"e30"}`
	for _, test := range []struct {
		name, parameters string
		want             []string
	}{
		{"live", `{"msm":1}`, []string{
			`atlas_subscribed {"msm":1}`, fmt.Sprintf("atlas_error %q", missed+"what comes from now on, from offset 5 of partition 0: what came in between is missing"),
		}},
		{"with the cursor of its parameters", old, []string{
			"atlas_subscribed " + old, fmt.Sprintf("atlas_error %q", missed+"what comes from now on, from offset 5 of partition 0: what came in between is missing"),
		}},
		{"with a backlog", `{"msm":1,"sendBacklog":true}`, []string{
			`atlas_subscribed {"msm":1,"sendBacklog":true}`,
			fmt.Sprintf("atlas_error %q", missed+"its backlog, from offset 3 of partition 0: what came in between is missing, and what has come already may come again"),
			at(3), at(4), `atlas_backlog_sent {"msm":1,"sendBacklog":true}`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHub(t, 100)
				defer hub.Close()
				hub.Log.Append(0, sessiontest.Records(3, 1, 1)...)
				time.Sleep(2 * time.Minute)
				hub.Log.Append(0, sessiontest.Records(2, 1, 1)...)
				hub.Log.CursorError = protocol.Errorf(protocol.CodeCursorGone, "it is gone")
				client := &sessiontest.RecordingClient{}
				subscriber := hub.MustJoin(t, client)
				defer subscriber.Leave()
				if err := reconnect(t, subscriber, test.parameters); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				client.Expect(t, test.want...)
				hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
				synctest.Wait()
				client.Expect(t, at(5))
			})
		})
	}
}

// at is the message of a record of measurement 1, with its cursor.
func at(offset int64) string {
	cursor := sessiontest.CursorAfter(1, offset)
	return fmt.Sprintf(`atlas_result {"msm_id":1,"offset":%d} %s`, offset, cursor)
}

// A measurement that has stopped meanwhile ends the subscription.
func TestReconnectToAStoppedMeasurement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 100)
		defer hub.Close()
		hub.Measurements.Put(atlas.Measurement{ID: 1, Public: true, Stopped: true})
		hub.Log.CursorError = protocol.Errorf(protocol.CodeCursorGone, "it is gone")
		if err := reconnect(t, hub.Session, `{"msm":1}`); err != nil {
			t.Fatal(err)
		}
		hub.Expect(t, `atlas_error "[cursor_gone] it is gone; measurement 1 restarts with what comes from now on, from offset 0 of partition 0: `+
			`what came in between is missing"`, `atlas_unsubscribed {"msm":1}`)
	})
}

// A gone cursor is refused if it is a parameter, and an invalid one always.
//
//notices:expired-cursor-refused
func TestGoneCursorInTheParameterIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 100)
		defer hub.Close()
		hub.Log.CursorError = protocol.Errorf(protocol.CodeCursorGone, "it is gone")
		if err := sessiontest.Subscribe(t, hub.Session, `{"msm":1,"cursor":"e30"}`); !errors.Is(err, hub.Log.CursorError) {
			t.Errorf("with the parameter: got %v, want [cursor_gone]", err)
		}
		hub.Log.CursorError = protocol.Errorf("bad_cursor", "it is none")
		if err := reconnect(t, hub.Session, `{"msm":1}`); !errors.Is(err, hub.Log.CursorError) {
			t.Errorf("with an invalid cursor: got %v, want [bad_cursor]", err)
		}
		hub.Expect(t)
	})
}

// A replay is not restarted, as all records would be delivered twice: a client that reconnects is told that it ends, and the parameter is refused.
func TestReconnectToAReplayWithAGoneCursor(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		h.Log.OpenErr = protocol.Errorf(protocol.CodeCursorGone, "it is gone")
		client := &sessiontest.RecordingClient{Encoder: sessiontest.ReplayEndEncoding{}}
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		position := cursor.Checkpoint{Measurement: 1001, Replay: &cursor.Replay{Start: time.Unix(100, 0)}}
		after := sessiontest.JSONCursors{}.Seal(cursor.At(position, time.Time{}))
		if err := reconnectWith(t, subscriber, sessiontest.ReplayParameters, after); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"atlas_subscribed " + sessiontest.ReplayParameters, `atlas_error "[cursor_gone] it is gone; the replay of measurement 1001 cannot go on, and ends"`, "atlas_unsubscribed " + sessiontest.ReplayParameters,
		}
		if got := client.Take(t); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, subscriber, fmt.Sprintf(`{"msm":1001,"startTime":100,"speed":1,"cursor":%q}`, after)), "[cursor_gone] it is gone")
		if left := sessiontest.Subscriptions(subscriber); left != 0 {
			t.Errorf("%d subscriptions are left", left)
		}
	})
}
