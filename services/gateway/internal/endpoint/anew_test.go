package endpoint

import (
	"context"
	"net/http"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/subscription"
)

// trail is a log of which everything has been delivered, and in which a cursor that says so is gone.
type trail struct{}

func (trail) Topic() string { return "river" }

func (trail) Resume(_ context.Context, wanted *subscription.Subscription) (offset int64, err error) {
	switch wanted.Cursor.After {
	case "gone":
		return 0, protocol.Refuse(protocol.CodeCursorGone, "cursor: it is gone")
	case "bad":
		return 0, protocol.Refuse("bad_cursor", "cursor: it is none")
	}
	return 0, nil
}

func (trail) Since(context.Context, atlas.MeasurementID, time.Time) (offset int64, err error) {
	return 0, nil
}

func (trail) Rejoin(_ context.Context, _ int, _ int64, take func([]atlas.Record)) (found bool, err error) {
	take(nil)
	return true, nil
}

func (trail) Read(context.Context, int, []atlas.MeasurementID, int64, int64, func(context.Context, int64, int64) error, fanout.Sink) (next int64, err error) {
	return 0, nil
}

const begunAnew = `"[cursor_gone] cursor: it is gone; measurement 1001 begins anew with what comes from now on, from offset 0 of partition 0: what came in between is missing"`

// A client that comes back by itself to what is gone is told so in its stream, as it would stay away after any status but 200, and goes on.
func TestGetThatComesBackToWhatIsGoneBeginsAnew(t *testing.T) {
	house := open(t, plan{clients: 10, trail: trail{}})
	const events = "text/event-stream"
	for _, test := range []struct{ query, echo, accept, place string }{
		{"msm=1001", `{"msm":"1001"}`, events, "gone"},
		{"msm=1001&cursor=older", `{"cursor":"older","msm":"1001"}`, events, "gone"},
		{"msm=1001&lastEventId=gone", `{"msm":"1001"}`, events, ""},
		{"msm=1001&evs_last_event_id=gone", `{"msm":"1001"}`, events, ""},
		{"msm=1001&lastEventId=gone", `{"msm":"1001"}`, "*/*", ""},
	} {
		response := house.get(t, test.query, "Accept", test.accept, "Last-Event-ID", test.place)
		if response.StatusCode != http.StatusOK {
			t.Errorf("%v: got %s", test, response.Status)
		}
		confirmed, told := "id: 1001-behind--1\nevent: atlas_subscribed\ndata: "+test.echo+"\n\n", "event: atlas_error\ndata: "+begunAnew+"\n\n"
		result := "id: 1001-behind-0\nevent: atlas_result\ndata: {\"msm_id\":1001,\"prb_id\":7}\n\n"
		if test.accept != events {
			confirmed, told = `["atlas_subscribed",`+test.echo+`,"1001-behind--1"]`+"\n", `["atlas_error",`+begunAnew+"]\n"
			result = `["atlas_result",{"msm_id":1001,"prb_id":7},"1001-behind-0"]` + "\n"
		}
		expectText(t, response.Body, confirmed+told)
		house.deliver(7)
		expectText(t, response.Body, result)
		_ = response.Body.Close()
		house.await(t, 0)
	}
}

// A cursor that a page gives is refused as ever, and so is what never was one, whoever gives it.
func TestGetThatIsGivenACursorIsRefused(t *testing.T) {
	house := open(t, plan{trail: trail{}})
	for _, test := range []struct{ query, place, want string }{
		{"msm=1001&cursor=gone", "", `["atlas_error","[cursor_gone] cursor: it is gone"]`},
		{"msm=1001&cursor=bad", "", `["atlas_error","[bad_cursor] cursor: it is none"]`},
		{"msm=1001", "bad", `["atlas_error","[bad_cursor] cursor: it is none"]`},
		{"msm=1001&lastEventId=bad", "", `["atlas_error","[bad_cursor] cursor: it is none"]`},
	} {
		response := house.get(t, test.query, "Accept", "text/event-stream", "Last-Event-ID", test.place)
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: got %s", test, response.Status)
		}
		expectText(t, response.Body, test.want)
	}
}

// Of the subscriptions of a client of Socket.IO that is recovered, those begin anew whose place is gone: the page does not ask for them.
func TestWhatIsGoneBeginsAnewInARecovery(t *testing.T) {
	house := open(t, plan{clients: 10, trail: trail{}})
	client, privateID := welcome(t, house, `{"pid":"mine","offset":"with one that is gone"}`)
	if privateID != "mine" {
		t.Errorf("got the private ID %q, which tells the client that it is not recovered", privateID)
	}
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-2"]`)
	expect(t, client, `42["atlas_subscribed",{"msm":5,"cursor":""},"all-2"]`)
	expect(t, client, `42["atlas_error","[cursor_gone] cursor: it is gone; measurement 5 begins anew with what comes from now on, `)
	house.deliverAll([]atlas.Record{{Event: atlas.Event{Measurement: 5, Value: []byte(`{"msm_id":5}`)}}})
	expect(t, client, `42["atlas_result",{"msm_id":5},"all-2"]`)
	for _, offset := range []string{"all gone", "sealed with another key"} {
		if _, privateID := welcome(t, house, `{"pid":"mine","offset":"`+offset+`"}`); privateID == "mine" {
			t.Errorf("%s: the client takes itself for recovered, and its page does not subscribe anew", offset)
		}
	}
}
