package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/sendqueue"
)

func TestSubscribeReceiveUnsubscribe(t *testing.T) {
	server := openTestServer(t, testSettings{})
	client := server.connect(t)
	send(t, client, `["atlas_subscribe",{"msm": "1001", "stream_type":"result"}]`)
	expect(t, client, `["atlas_subscribed",{"msm": "1001", "stream_type":"result"}]`)
	server.deliver(7)
	expect(t, client, `["atlas_result",{"msm_id":1001,"prb_id":7}]`)
	send(t, client, `["atlas_unsubscribe",{"streamType":"result","msm":1001}]`)
	expect(t, client, `["atlas_unsubscribed",{"streamType":"result","msm":1001}]`)
	server.deliver(8)
	send(t, client, `["atlas_unsubscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_error","[not_subscribed] there is no subscription with these parameters`)
}

func TestRefusals(t *testing.T) {
	server := openTestServer(t, testSettings{})
	client := server.connect(t)
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
		send(t, client, test.message)
		expect(t, client, test.want)
	}
	if err := client.WriteMessage(websocket.BinaryMessage, []byte(`["atlas_subscribe",{"msm":1}]`)); err != nil {
		t.Fatal(err)
	}
	expect(t, client, `["atlas_error","[malformed] message: got a binary one`)
}

func TestUnreachableLogIsReportedWithoutDetails(t *testing.T) {
	server := openTestServer(t, testSettings{})
	server.tails.err = errors.New("dial tcp 10.0.0.1:9092: refused")
	client := server.connect(t)
	send(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_error","[unavailable] the log cannot be read right now; try again in some seconds"]`)
}

func TestTooLongMessageEndsTheConnection(t *testing.T) {
	client := openTestServer(t, testSettings{}).connect(t)
	send(t, client, `["`+strings.Repeat("x", 1000)+`"]`)
	expectClose(t, client, websocket.CloseMessageTooBig)
}

func TestOverflowIsReportedAndClosed(t *testing.T) {
	server := openTestServer(t, testSettings{queue: sendqueue.Limits{Bytes: 1 << 20, Messages: 2, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second}})
	client := server.connect(t)
	send(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_subscribed"`)
	began := time.Now()
	server.deliverAll(tooMany())
	for {
		_, message, err := client.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(message), `["atlas_error"`) {
			expectMissing(t, string(message), began)
			break
		}
	}
	expectClose(t, client, websocket.ClosePolicyViolation)
}

// expectMissing wants the period of missing messages in the text of [too_slow], which begins no earlier than began.
func expectMissing(t *testing.T, words string, began time.Time) {
	t.Helper()
	match := regexp.MustCompile(`\[too_slow\] this connection does not keep up .* messages from (\S+) to (\S+) were dropped, and older records too if it was catching up; reconnect`).FindStringSubmatch(words)
	if match == nil {
		t.Fatalf("got %q", words)
	}
	from, wrong := time.Parse(time.RFC3339, match[1])
	to, alsoWrong := time.Parse(time.RFC3339, match[2])
	if wrong != nil || alsoWrong != nil || from.Before(began.Truncate(time.Second)) || to.Before(from) || to.After(time.Now()) {
		t.Errorf("messages from %s to %s are said to be dropped, want that to begin at %v and to end by now", match[1], match[2], began)
	}
}

func TestClientsAreLimited(t *testing.T) {
	server := openTestServer(t, testSettings{})
	for range 2 {
		client := server.connect(t)
		send(t, client, `["atlas_subscribe",{"msm":1001}]`)
		expect(t, client, `["atlas_subscribed"`)
	}
	third := server.connect(t)
	expect(t, third, `["atlas_error","[too_many_clients] too many clients: there are 2, and no more are allowed`)
	expectClose(t, third, websocket.CloseTryAgainLater)
}

func TestNothingIsHandledAfterShutdown(t *testing.T) {
	server := openTestServer(t, testSettings{})
	client := server.connect(t)
	send(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_subscribed"`)
	stopped := make(chan struct{})
	go func() { server.shutdown(context.Background()); close(stopped) }()
	expect(t, client, `["atlas_error","[shutting_down]`)
	send(t, client, `["atlas_unsubscribe",{"msm":1001}]`)
	expectClose(t, client, websocket.CloseGoingAway)
	_ = client.Close()
	<-stopped
}

func TestShutdownNotifiesClients(t *testing.T) {
	server := openTestServer(t, testSettings{})
	client := server.connect(t)
	send(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_subscribed"`)
	server.deliver(7)
	stopped := make(chan struct{})
	go func() { server.shutdown(context.Background()); close(stopped) }()
	expect(t, client, `["atlas_result"`)
	expect(t, client, `["atlas_error","[shutting_down]`)
	expectClose(t, client, websocket.CloseGoingAway)
	_ = client.Close()
	<-stopped
	if server.tails.count() != 0 {
		t.Error("subscriptions are left")
	}
}

func TestVanishedClientIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settings := HeartbeatSettings{Interval: 25 * time.Second, Timeout: time.Minute}
		server := newTestServer(t, testSettings{heartbeat: settings})
		network := serveInPipes(t, server)
		silent, alive := network.webSocket(t), network.webSocket(t)
		silent.SetPingHandler(func(string) error { return nil })
		for _, client := range []*websocket.Conn{silent, alive} {
			send(t, client, `["atlas_subscribe",{"msm":1001}]`)
			expect(t, client, `["atlas_subscribed"`)
			_ = client.SetReadDeadline(time.Time{})
			go func() { _, _, _ = client.ReadMessage() }()
		}
		for _, step := range []struct {
			after time.Duration
			left  int
		}{{settings.Interval + settings.Timeout - 1, 2}, {1, 1}, {time.Hour, 1}} {
			time.Sleep(step.after)
			synctest.Wait()
			if got := server.tails.count(); got != step.left {
				t.Errorf("%v later, %d subscriptions are left, want %d", step.after, got, step.left)
			}
		}
		server.awaitDepartures(t, map[string]float64{"websocket: ping_timeout": 1})
	})
}

func FuzzParseEvent(f *testing.F) {
	f.Add(false, []byte(`["atlas_subscribe",{"stream_type":"result","msm":1001}]`))
	f.Add(true, []byte(`["atlas_unsubscribe",{}]`))
	f.Fuzz(func(t *testing.T, binary bool, payload []byte) {
		_, argument, err := parseEvent(binary, payload)
		if err != nil {
			refusal, ok := errors.AsType[*protocol.Error](err)
			if !ok || !json.Valid(encode.ErrorMessage(jsonArray{}, refusal).Payload()) {
				t.Errorf("the refusal of %q is %v", payload, err)
			}
			return
		}
		if argument != nil && !json.Valid(argument) {
			t.Errorf("%q gave the argument %q", payload, argument)
		}
	})
}
