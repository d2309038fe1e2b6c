package endpoint

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

func TestLimitEndsASubscriptionAtEveryEndpoint(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10})
	plain := server.connect(t)
	send(t, plain, `["atlas_subscribe",{"msm":1001,"limit":1}]`)
	expect(t, plain, `["atlas_subscribed",{"msm":1001,"limit":1}]`)
	socketIO, _ := server.dial(t, "/stream/socket.io/?EIO=3&transport=websocket", nil)
	expect(t, socketIO, `0{`)
	expect(t, socketIO, `40`)
	send(t, socketIO, `42["atlas_subscribe",{"msm":1001,"limit":1}]`)
	expect(t, socketIO, `42["atlas_subscribed",{"msm":1001,"limit":1}]`)
	lines := server.get(t, "msm=1001&limit=1")
	events := server.get(t, "msm=1001&limit=1", "Accept", "text/event-stream")
	server.deliver(7)
	expect(t, plain, `["atlas_result",{"msm_id":1001,"prb_id":7}]`)
	expect(t, plain, `["atlas_unsubscribed",{"msm":1001,"limit":1}]`)
	expect(t, socketIO, `42["atlas_result",{"msm_id":1001,"prb_id":7}]`)
	expect(t, socketIO, `42["atlas_unsubscribed",{"msm":1001,"limit":1}]`)
	expectText(t, lines.Body, `["atlas_subscribed",{"limit":"1","msm":"1001"}]`+"\n"+`["atlas_result",{"msm_id":1001,"prb_id":7}]`+"\n"+
		`["atlas_unsubscribed",{"limit":"1","msm":"1001"}]`+"\n")
	expectEnd(t, lines.Body)
	body, err := io.ReadAll(events.Body)
	_, last, _ := strings.Cut(string(body), "event: atlas_unsubscribed\nid: ")
	id, payload, _ := strings.Cut(last, "\n")
	if err != nil || payload != `data: {"limit":"1","msm":"1001"}`+"\n\n" {
		t.Fatalf("got %q, %v", body, err)
	}
	again := server.get(t, "msm=1001&limit=1", "Accept", "text/event-stream", "Last-Event-ID", id)
	if again.StatusCode != http.StatusNoContent {
		t.Errorf("a browser that comes back after the end is answered %s", again.Status)
	}
	server.awaitFollowers(t, 0)
}

func TestDurationEndsASubscriptionAtEveryEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newTestServer(t, testSettings{clients: 10})
		pipes := serveInPipes(t, server)
		lines, client := pipes.get(t, "", "&duration=20"), pipes.webSocket(t)
		began := time.Now()
		body := readAnswer(t, lines)
		if err := client.WriteMessage(websocket.TextMessage, []byte(`["atlas_subscribe",{"msm":1001,"duration":20}]`)); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`["atlas_subscribed",{"msm":1001,"duration":20}]`, `["atlas_unsubscribed",{"msm":1001,"duration":20}]`} {
			if _, got, err := client.ReadMessage(); err != nil || string(got) != want {
				t.Errorf("got %s, %v; want %s", got, err, want)
			}
		}
		text, err := io.ReadAll(body)
		want := `["atlas_subscribed",{"duration":"20","msm":"1001"}]` + "\n\n" + `["atlas_unsubscribed",{"duration":"20","msm":"1001"}]` + "\n"
		if took := time.Since(began); err != nil || string(text) != want || took != 20*time.Second {
			t.Errorf("got %q, %v after %s; want %q after 20s", text, err, took, want)
		}
		_ = client.Close()
	})
}
