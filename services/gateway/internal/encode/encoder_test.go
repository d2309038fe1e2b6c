package encode_test

import (
	"fmt"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
	"atlasstream/services/gateway/internal/wsframe"
)

func TestOneMessageForSeveralSubscriptions(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":7,"acceptedFields":["prb_id"]}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"acceptedFields":["type","timestamp"]}`)
	client.Take(t)
	hub.DeliverResults(sessiontest.Result(1001, 7), sessiontest.Result(1001, 8))
	client.Expect(t, `atlas_result {"prb_id":7,"type":"ping","timestamp":1}`, `atlas_result {"type":"ping","timestamp":1}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	client.Take(t)
	hub.DeliverResults(sessiontest.Result(1001, 7))
	client.Expect(t, `atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`)
}

// Each subscription gets the encoding that it wants, whatever others get.
func TestEncodingsOfARecord(t *testing.T) {
	hub := sessiontest.NewHub()
	forms := map[string]string{
		`{"stream_type":"probestatus"}`:                                                `atlas_probestatus {"prb_id":7,"event":"connect"}`,
		`{"stream_type":"probestatus","enrichProbes":true}`:                            `atlas_probestatus {"prb_id":7,"event":"connect","probe":{"id":7}}`,
		`{"stream_type":"probestatus","acceptedFields":["event"]}`:                     `atlas_probestatus {"event":"connect"}`,
		`{"stream_type":"probestatus","enrichProbes":true,"acceptedFields":["probe"]}`: `atlas_probestatus {"probe":{"id":7}}`,
		`{"msm":7000}`: `atlas_result {"prb_id":7,"event":"connect"}`,
	}
	clients := make(map[string]*sessiontest.RecordingClient)
	for range 2 {
		for parameters := range forms {
			client := &sessiontest.RecordingClient{}
			sessiontest.MustSubscribe(t, hub.MustJoin(t, client), parameters)
			client.Take(t)
			clients[parameters] = client
		}
		for range 2 {
			sessiontest.Deliver(hub.Statuses, sessiontest.Record(atlas.StreamProbeStatus, 7000, 7, `{"prb_id":7,"event":"connect"}`))
			for parameters, client := range clients {
				client.Expect(t, forms[parameters])
			}
		}
	}
}

func TestEventNameIsTheSubscriptionsStream(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"probestatus"}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":7000}`)
	client.Take(t)
	sessiontest.Deliver(hub.Statuses, sessiontest.Record(atlas.StreamProbeStatus, 7000, 7, `{"prb_id":7}`))
	client.Expect(t, `atlas_probestatus {"prb_id":7}`, `atlas_result {"prb_id":7}`)
}

func TestErrorMessageIsNotEscapedForHTML(t *testing.T) {
	message := encode.ErrorMessage(sessiontest.TextEncoding{}, protocol.Errorf("malformed", `msm: got "<1&2>", want a number`))
	if got, want := string(message.Payload()), `atlas_error "[malformed] msm: got \"<1&2>\", want a number"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// countingEncoding counts how often a record is encoded from its payload.
type countingEncoding struct {
	sessiontest.TextEncoding
	encoded *int
	cursors map[string]int // how often each was added to a record
}

func (e *countingEncoding) Event(name string, payload []byte) *wsframe.Message {
	*e.encoded++
	return e.TextEncoding.Event(name, payload)
}

func (e *countingEncoding) EventAt(name string, payload []byte, cursor string) *wsframe.Message {
	*e.encoded++
	return e.TextEncoding.EventAt(name, payload, cursor)
}

func (e *countingEncoding) WithCursor(event *wsframe.Message, cursor string) *wsframe.Message {
	e.cursors[cursor]++
	return wsframe.Text(fmt.Appendf(nil, "%s %s", event.Payload(), cursor))
}

// Clients that have the same subscriptions, and have received as much, share the message with its cursor, and no others do.
func TestMessageWithCursorIsSharedByEqualClients(t *testing.T) {
	hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 10, Subscriptions: 2}, Cursors: sessiontest.JSONCursors{}})
	encoding := &countingEncoding{encoded: new(int), cursors: make(map[string]int)}
	for i := range 10 {
		client := &sessiontest.DiscardingClient{Encoder: encoding, SessionCursors: true}
		subscriber := hub.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"cursor":""}`)
		if i >= 8 {
			sessiontest.MustSubscribe(t, subscriber, fmt.Sprintf(`{"msm":%d,"cursor":""}`, 1002+i))
		}
	}
	hub.DeliverResults(sessiontest.Result(1001, 1))
	if len(encoding.cursors) != 3 {
		t.Errorf("got %d cursors, want one for those of one subscription and one for each of the two others", len(encoding.cursors))
	}
	for cursor, added := range encoding.cursors {
		if added != 1 {
			t.Errorf("%s was added %d times, want once", cursor, added)
		}
	}
}

// A message for clients with cursors of their own is encoded once, but for the cursors.
func TestRecordIsEncodedOnceForCursorsOfClients(t *testing.T) {
	encoded := 0
	encoding := &countingEncoding{encoded: &encoded, cursors: make(map[string]int)}
	hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 10, Subscriptions: 2}, Cursors: sessiontest.JSONCursors{}})
	for i := range 10 {
		client := &sessiontest.DiscardingClient{Encoder: encoding, SessionCursors: true}
		subscriber := hub.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"cursor":""}`)
		sessiontest.MustSubscribe(t, subscriber, fmt.Sprintf(`{"msm":%d,"cursor":""}`, 1002+i))
	}
	encoded = 0
	hub.DeliverResults(sessiontest.Result(1001, 1))
	if encoded != 1 {
		t.Errorf("a record was encoded %d times, want once", encoded)
	}
}
