package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// feed stands in for the tails: one partition, which the test delivers.
type feed struct {
	mu        sync.Mutex
	err       error
	followers int
}

func (f *feed) Follow(_ context.Context, _ atlas.MeasurementID, attach func(partition int)) (func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	attach(0)
	f.followers++
	return func() { f.mu.Lock(); defer f.mu.Unlock(); f.followers-- }, nil
}

func (f *feed) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.followers
}

type house struct {
	door   *WebSocket
	source *fanout.Source
	feed   *feed
	server *httptest.Server
}

func openHouse(t *testing.T, limits outbox.Limits, patience Patience) *house {
	t.Helper()
	h := &house{source: fanout.NewSource(atlas.StreamResult, fanout.NewMetrics(prometheus.NewRegistry())), feed: &feed{}}
	hub := fanout.NewHub(map[atlas.Stream]fanout.Stream{atlas.StreamResult: {Source: h.source, Feed: h.feed}},
		fanout.Limits{Clients: 2, Subscriptions: 2}, prometheus.NewRegistry())
	h.door = NewWebSocket(hub, &wsconn.Settings{MaxMessage: 1000, Limits: &limits, Stats: &outbox.Stats{}}, patience, zap.NewNop())
	h.server = httptest.NewServer(h.door)
	t.Cleanup(h.server.Close)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		h.door.Shutdown(ctx)
	})
	return h
}

func usualHouse(t *testing.T) *house {
	limits := outbox.Limits{Bytes: 1 << 20, Messages: 100, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second}
	return openHouse(t, limits, Patience{Interval: time.Minute, Timeout: time.Minute})
}

func (h *house) connect(t *testing.T) *websocket.Conn {
	t.Helper()
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.server.URL, "http")+"/stream/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func (h *house) deliver(probe atlas.ProbeID) {
	value := fmt.Appendf(nil, `{"msm_id":1001,"prb_id":%d}`, probe)
	h.source.Deliver(0, []atlas.Record{{Event: atlas.Event{Measurement: 1001, Probe: probe, Value: value}}})
	h.source.Flush(0)
}

func say(t *testing.T, client *websocket.Conn, message string) {
	t.Helper()
	if err := client.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, client *websocket.Conn, want string) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, got, err := client.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(got), want) {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func expectClose(t *testing.T, client *websocket.Conn, code int) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, message, err := client.ReadMessage(); !websocket.IsCloseError(err, code) {
		t.Fatalf("got %q, %v; want a close frame with %d", message, err, code)
	}
}

func TestSubscribeReceiveUnsubscribe(t *testing.T) {
	house := usualHouse(t)
	client := house.connect(t)
	say(t, client, `["atlas_subscribe",{"msm": "1001", "stream_type":"result"}]`)
	expect(t, client, `["atlas_subscribed",{"msm": "1001", "stream_type":"result"}]`)
	house.deliver(7)
	expect(t, client, `["atlas_result",{"msm_id":1001,"prb_id":7}]`)
	say(t, client, `["atlas_unsubscribe",{"streamType":"result","msm":1001}]`)
	expect(t, client, `["atlas_unsubscribed",{"streamType":"result","msm":1001}]`)
	house.deliver(8)
	say(t, client, `["atlas_unsubscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_error","[not_subscribed] there is no subscription with these parameters`)
}

func TestRefusals(t *testing.T) {
	house := usualHouse(t)
	client := house.connect(t)
	for _, test := range []struct{ message, want string }{
		{`hello`, `["atlas_error","[malformed] message: got \"hello\", want a JSON array such as`},
		{`{}`, `["atlas_error","[malformed] message`},
		{`[]`, `["atlas_error","[malformed] message`},
		{`[1]`, `["atlas_error","[malformed] message`},
		{"[\"\xff\"]", `["atlas_error","[malformed] message`},
		{`["atlas_listen"]`, `["atlas_error","[unknown_event] \"atlas_listen\": there is no such event; there are atlas_subscribe and atlas_unsubscribe"]`},
		{`["atlas_subscribe"]`, `["atlas_error","[malformed] parameters: got nothing`},
		{`["atlas_subscribe",{}]`, `["atlas_error","[missing_parameter] msm: missing`},
		{`["atlas_subscribe",{"msm":1}]`, `["atlas_subscribed",{"msm":1}]`},
		{`["atlas_subscribe",{"msm":2}]`, `["atlas_subscribed",{"msm":2}]`},
		{`["atlas_subscribe",{"msm":3}]`, `["atlas_error","[too_many_subscriptions] too many subscriptions: there are 2, and no more are allowed`},
		{`["atlas_unsubscribe",{"msm":2}]`, `["atlas_unsubscribed",{"msm":2}]`},
	} {
		say(t, client, test.message)
		expect(t, client, test.want)
	}
	if err := client.WriteMessage(websocket.BinaryMessage, []byte(`["atlas_subscribe",{"msm":1}]`)); err != nil {
		t.Fatal(err)
	}
	expect(t, client, `["atlas_error","[malformed] message: got a binary one`)
}

func TestUnreachableLogIsSaidWithoutDetails(t *testing.T) {
	house := usualHouse(t)
	house.feed.err = errors.New("dial tcp 10.0.0.1:9092: refused")
	client := house.connect(t)
	say(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_error","[unavailable] the log cannot be read right now; try again in some seconds"]`)
}

func TestTooLongMessageEndsTheConnection(t *testing.T) {
	client := usualHouse(t).connect(t)
	say(t, client, `["`+strings.Repeat("x", 1000)+`"]`)
	expectClose(t, client, websocket.CloseMessageTooBig)
}

func TestOverflowIsToldAndClosed(t *testing.T) {
	house := openHouse(t, outbox.Limits{Bytes: 1 << 20, Messages: 2, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second},
		Patience{Interval: time.Minute, Timeout: time.Minute})
	client := house.connect(t)
	say(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_subscribed"`)
	records := make([]atlas.Record, 3)
	for i := range records {
		records[i] = atlas.Record{Event: atlas.Event{Measurement: 1001, Value: []byte(`{}`)}}
	}
	house.source.Deliver(0, records)
	house.source.Flush(0)
	for {
		_, message, err := client.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(message), `["atlas_error","[too_slow] this connection cannot keep up`) {
			break
		}
	}
	expectClose(t, client, websocket.ClosePolicyViolation)
}

func TestClientsAreLimited(t *testing.T) {
	house := usualHouse(t)
	for range 2 {
		client := house.connect(t)
		say(t, client, `["atlas_subscribe",{"msm":1001}]`)
		expect(t, client, `["atlas_subscribed"`)
	}
	third := house.connect(t)
	expect(t, third, `["atlas_error","[too_many_clients] too many clients: there are 2, and no more are allowed`)
	expectClose(t, third, websocket.CloseTryAgainLater)
}

func TestNothingIsDoneAfterTheLastWords(t *testing.T) {
	house := usualHouse(t)
	client := house.connect(t)
	say(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_subscribed"`)
	stopped := make(chan struct{})
	go func() { house.door.Shutdown(context.Background()); close(stopped) }()
	expect(t, client, `["atlas_error","[shutting_down]`)
	say(t, client, `["atlas_unsubscribe",{"msm":1001}]`)
	expectClose(t, client, websocket.CloseGoingAway)
	_ = client.Close()
	<-stopped
}

func TestShutdownTellsClients(t *testing.T) {
	house := usualHouse(t)
	client := house.connect(t)
	say(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_subscribed"`)
	house.deliver(7)
	stopped := make(chan struct{})
	go func() { house.door.Shutdown(context.Background()); close(stopped) }()
	expect(t, client, `["atlas_result"`)
	expect(t, client, `["atlas_error","[shutting_down]`)
	expectClose(t, client, websocket.CloseGoingAway)
	_ = client.Close()
	<-stopped
	if house.feed.count() != 0 {
		t.Error("subscriptions are left")
	}
}

func TestVanishedClientIsNoticed(t *testing.T) {
	house := openHouse(t, outbox.Limits{Bytes: 1 << 20, Messages: 100, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second},
		Patience{Interval: 100 * time.Millisecond, Timeout: 900 * time.Millisecond})
	silent, alive := house.connect(t), house.connect(t)
	for _, client := range []*websocket.Conn{silent, alive} {
		say(t, client, `["atlas_subscribe",{"msm":1001}]`)
		expect(t, client, `["atlas_subscribed"`)
	}
	silent.SetPingHandler(func(string) error { return nil })
	go func() { _, _, _ = silent.ReadMessage() }()
	answering := make(chan error, 1)
	go func() { _, _, err := alive.ReadMessage(); answering <- err }()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(10 * time.Second); house.feed.count() == 2; <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatal("a client that answers no ping is kept")
		}
	}
	if house.feed.count() != 1 {
		t.Error("the client that answers was closed as well")
	}
	_ = alive.Close()
	<-answering
}

func TestPlainRequestIsToldToUpgrade(t *testing.T) {
	house := usualHouse(t)
	response, err := house.server.Client().Get(house.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusUpgradeRequired || response.Header.Get("Upgrade") != "websocket" {
		t.Errorf("got %s with Upgrade %q", response.Status, response.Header.Get("Upgrade"))
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add(false, []byte(`["atlas_subscribe",{"stream_type":"result","msm":1001}]`))
	f.Add(true, []byte(`["atlas_unsubscribe",{}]`))
	f.Fuzz(func(t *testing.T, binary bool, payload []byte) {
		_, arguments, err := parseEvent(binary, payload)
		if err != nil {
			refusal, ok := errors.AsType[*subscription.Error](err)
			if !ok || !json.Valid(fanout.ErrorMessage(jsonArrays{}, refusal).Payload()) {
				t.Errorf("the refusal of %q is %v", payload, err)
			}
			return
		}
		for _, argument := range arguments {
			if !json.Valid(argument) {
				t.Errorf("%q gave the argument %q", payload, argument)
			}
		}
	})
}
