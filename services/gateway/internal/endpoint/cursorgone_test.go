package endpoint

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/subscription"
)

// emptyLog is a fake log without further records, in which the cursor "gone" is gone.
type emptyLog struct{}

func (emptyLog) Topic() string { return "results" }

func (emptyLog) Resume(_ context.Context, _ *subscription.Subscription, from cursor.Token) (tail session.Tail, offset int64, err error) {
	switch from.Subscriptions[0].Live.Topic {
	case "gone":
		return nil, 0, protocol.Errorf(protocol.CodeCursorGone, "cursor: it is gone")
	case "bad":
		return nil, 0, protocol.Errorf("bad_cursor", "cursor: it is none")
	}
	return emptyTail{}, 0, nil
}

// emptyTail is the tail of an emptyLog.
type emptyTail struct{}

func (emptyTail) Attach(attach func(partition int, next int64)) { attach(0, 0) }
func (emptyTail) Release()                                      {}

func (emptyLog) Since(context.Context, atlas.MeasurementID, time.Time) (offset int64, err error) {
	return 0, nil
}

func (emptyLog) NamedSince(context.Context, atlas.MeasurementID, time.Time) (offset int64, err error) {
	return 0, nil
}

func (emptyLog) Rejoin(_ context.Context, _ int, _ int64, take func([]atlas.Record)) (found bool, err error) {
	take(nil)
	return true, nil
}

func (emptyLog) Open(context.Context, int, []atlas.MeasurementID, int64, int64, func(context.Context, int64, int64) error) (catchup.LogReader, error) {
	return nil, errors.New("there is nothing to read")
}

const continuedLive = `"[cursor_gone] cursor: it is gone; measurement 1001 restarts with what comes from now on, from offset 0 of partition 0: what came in between is missing"`

// A client that reconnects by itself with a cursor that is gone receives the error in its stream, and live records: it would stop after any status but 200.
func TestReconnectWithAGoneCursorContinuesLive(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10, log: &emptyLog{}})
	const events = "text/event-stream"
	for _, test := range []struct{ query, echo, accept, lastID string }{
		{"msm=1001", `{"msm":"1001"}`, events, "gone"},
		{"msm=1001&cursor=older", `{"cursor":"older","msm":"1001"}`, events, "gone"},
		{"msm=1001&lastEventId=gone", `{"msm":"1001"}`, events, ""},
		{"msm=1001&evs_last_event_id=gone", `{"msm":"1001"}`, events, ""},
		{"msm=1001&lastEventId=gone", `{"msm":"1001"}`, "*/*", ""},
	} {
		response := server.get(t, test.query, "Accept", test.accept, "Last-Event-ID", test.lastID)
		if response.StatusCode != http.StatusOK {
			t.Errorf("%v: got %s", test, response.Status)
		}
		confirmed, told := "id: 1001-behind--1\nevent: atlas_subscribed\ndata: "+test.echo+"\n\n", "event: atlas_error\ndata: "+continuedLive+"\n\n"
		result := "id: 1001-behind-0\nevent: atlas_result\ndata: {\"msm_id\":1001,\"prb_id\":7}\n\n"
		if test.accept != events {
			confirmed, told = `["atlas_subscribed",`+test.echo+`,"1001-behind--1"]`+"\n", `["atlas_error",`+continuedLive+"]\n"
			result = `["atlas_result",{"msm_id":1001,"prb_id":7},"1001-behind-0"]` + "\n"
		}
		expectText(t, response.Body, confirmed+told)
		server.deliver(7)
		expectText(t, response.Body, result)
		_ = response.Body.Close()
		server.awaitFollowers(t, 0)
	}
}

// A gone cursor in the parameters is refused, and so is an invalid one wherever it is.
func TestGoneCursorInParametersIsRefused(t *testing.T) {
	server := openTestServer(t, testSettings{log: &emptyLog{}})
	for _, test := range []struct{ query, lastID, want string }{
		{"msm=1001&cursor=gone", "", `["atlas_error","[cursor_gone] cursor: it is gone"]`},
		{"msm=1001&cursor=bad", "", `["atlas_error","[bad_cursor] cursor: it is none"]`},
		{"msm=1001", "bad", `["atlas_error","[bad_cursor] cursor: it is none"]`},
		{"msm=1001&lastEventId=bad", "", `["atlas_error","[bad_cursor] cursor: it is none"]`},
	} {
		response := server.get(t, test.query, "Accept", "text/event-stream", "Last-Event-ID", test.lastID)
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: got %s", test, response.Status)
		}
		expectText(t, response.Body, test.want)
	}
}

// Subscriptions of a recovered Socket.IO client whose cursor is gone continue live: the page does not subscribe again.
func TestRecoveryWithAGoneCursorContinuesLive(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10, log: &emptyLog{}})
	client, privateID := connectRecovering(t, server, `{"pid":"mine","offset":"with one that is gone"}`)
	if privateID != "mine" {
		t.Errorf("got the private ID %q, so that the client does not know that it is recovered", privateID)
	}
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-2"]`)
	expect(t, client, `42["atlas_subscribed",{"msm":5,"cursor":""},"all-2"]`)
	expect(t, client, `42["atlas_error","[cursor_gone] cursor: it is gone; measurement 5 restarts with what comes from now on, `)
	server.awaitLive(t)
	server.deliverAll([]atlas.Record{{Event: atlas.Event{Measurement: 5, Value: []byte(`{"msm_id":5}`)}}})
	expect(t, client, `42["atlas_result",{"msm_id":5},"all-2"]`)
	for _, offset := range []string{"all gone", "sealed with another key"} {
		if _, privateID := connectRecovering(t, server, `{"pid":"mine","offset":"`+offset+`"}`); privateID == "mine" {
			t.Errorf("%s: the client takes itself for recovered, and its page does not subscribe again", offset)
		}
	}
}
