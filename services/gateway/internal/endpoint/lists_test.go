package endpoint

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
)

// deliverFor delivers a record of each of some measurements.
func (s *testServer) deliverFor(measurements ...atlas.MeasurementID) {
	for _, measurement := range measurements {
		s.deliverAll([]atlas.Record{{Event: atlas.Event{Measurement: measurement, Probe: 7, Value: []byte(`{}`)}}})
	}
}

func TestListsAtTheWebSocket(t *testing.T) {
	server := openTestServer(t, testSettings{})
	client := server.connect(t)
	send(t, client, `["atlas_subscribe",{"msm":[1001,1004],"cursor":""}]`)
	expect(t, client, `["atlas_subscribed",{"msm":[1001,1004],"cursor":""}]`)
	server.deliverFor(1001, 1004, 1005)
	expect(t, client, `["atlas_result",{},"1001-behind-0"]`)
	expect(t, client, `["atlas_result",{},"1004-behind-0"]`)
	send(t, client, `["atlas_unsubscribe",{"msm":"1004,1001","cursor":""}]`)
	expect(t, client, `["atlas_unsubscribed",{"msm":"1004,1001","cursor":""}]`)
	send(t, client, `["atlas_subscribe",{"msm":[1001,1003]}]`)
	expect(t, client, `["atlas_error","[unknown_measurement] msm: got 1003, want a measurement that this service knows; this is for measurement 1003, and nothing has begun"]`)
	send(t, client, `["atlas_subscribe",{"msm":[1,2,3]}]`)
	expect(t, client, `["atlas_error","[too_many_subscriptions] too many subscriptions: there are 0, these would be 3 more, and no more than 2 are allowed; end one first"]`)
	send(t, client, `["atlas_subscribe",{"msm":[1001,1004],"cursor":"1001-behind-0"}]`)
	expect(t, client, `["atlas_error","[invalid_parameter] msm: got several, want one with a cursor`)
	server.awaitFollowers(t, 0)
}

// A list says as much as a message for each of its parts, but not more than half of what may come at once.
func TestAbuseListsAreCharged(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 100, Subscriptions: 1000, Messages: 100, ConnectionMessages: 1}})
	client := server.connect(t)
	for _, refused := range []string{"too_many_subscriptions", "too_many_messages"} { // 1 and 5 messages of the 10 that may come at once, then 1 and 5 of 4
		send(t, client, `["atlas_subscribe",{"msm":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}]`)
		expect(t, client, `["atlas_error","[`+refused+`] `)
	}
}

// The parts of a list count singly among the subscriptions of an address.
func TestAbuseListsCountSingly(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 100, Subscriptions: 3, Messages: 100, ConnectionMessages: 20}})
	first, second := server.connect(t), server.connect(t)
	send(t, first, `["atlas_subscribe",{"msm":[1001,1004]}]`)
	expect(t, first, `["atlas_subscribed",`)
	send(t, second, `["atlas_subscribe",{"msm":[1001,1004]}]`)
	expect(t, second, `["atlas_error","[too_many_subscriptions] too many subscriptions: there are 2 from this address, these would be 2 more, and no more than 3 are allowed`)
}

func TestListsInAQuery(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10})
	lines := server.get(t, "msm=1001,1004&limit=2")
	events := server.get(t, "msm=1001,1004&limit=2", "Accept", "text/event-stream")
	server.deliverFor(1001, 1004)
	expectText(t, lines.Body, `["atlas_subscribed",{"limit":"2","msm":"1001,1004"}]`+"\n"+`["atlas_result",{}]`+"\n"+`["atlas_result",{}]`+"\n"+
		`["atlas_unsubscribed",{"limit":"2","msm":"1001,1004"}]`+"\n")
	expectEnd(t, lines.Body)
	expectText(t, events.Body, "event: atlas_subscribed\ndata: {\"limit\":\"2\",\"msm\":\"1001,1004\"}\n\n"+
		"id: 1001-behind-0\nevent: atlas_result\ndata: {}\n\nid: 1004-behind-0\nevent: atlas_result\ndata: {}\n\nevent: atlas_unsubscribed\nid: end.")
	refused := server.get(t, "msm=1001,1003")
	if refused.StatusCode != http.StatusBadRequest {
		t.Errorf("got %s", refused.Status)
	}
	server.awaitFollowers(t, 0)
}

// A cursor is of one measurement, so a browser that comes back with one restarts, and is told so.
func TestReconnectWithLists(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10})
	events := server.get(t, "msm=1001,1004", "Accept", "text/event-stream", "Last-Event-ID", "1001-behind-0")
	server.deliverFor(1004)
	expectText(t, events.Body, "event: atlas_subscribed\ndata: {\"msm\":\"1001,1004\"}\n\n"+
		"event: atlas_error\ndata: \"[cursor_gone] cursor: is of one measurement, and this subscription has several measurements or probes; it restarts: "+
		"what came in between is missing\"\n\nid: 1004-behind-0\nevent: atlas_result\ndata: {}\n\n")
}

// A client of Socket.IO gets lists back under the words with which it asked for them.
func TestRecoveryOfLists(t *testing.T) {
	server := openTestServer(t, testSettings{log: &emptyLog{}})
	client, _ := connectRecovering(t, server, `{"pid":"mine","offset":"lists"}`)
	expect(t, client, `42["atlas_subscribed",{"msm":[1001,1004],"cursor":""},"all-2"]`)
	server.awaitLive(t) // as the log stays empty
	server.deliverFor(1004)
	expect(t, client, `42["atlas_result",{},"all-2"]`)
	send(t, client, `42["atlas_unsubscribe",{"msm":[1001,1004],"cursor":""}]`)
	expect(t, client, `42["atlas_unsubscribed",{"msm":[1001,1004],"cursor":""},""]`)
}

// A list costs as many messages as subscriptions to each of its measurements would.
func TestAbuseListsCountAsMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in which no time passes
		server := newTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 9, Subscriptions: 9, Messages: 1, ConnectionMessages: 1}})
		get := func() int {
			response := httptest.NewRecorder()
			server.routes.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/stream/?msm=1001,1003", nil)) // the second is not public
			return response.Code
		}
		for range 5 { // of 10 messages
			if status := get(); status != http.StatusBadRequest {
				t.Fatalf("got %d", status)
			}
		}
		if status := get(); status != http.StatusTooManyRequests {
			t.Errorf("got %d, want the limit of messages", status)
		}
	})
}
