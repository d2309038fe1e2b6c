package endpoint

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// welcome says hello with what a client remembers, and gives the private ID in the answer.
func welcome(t *testing.T, h *house, remembers string) (client *websocket.Conn, privateID string) {
	t.Helper()
	client, _ = h.dial(t, "/stream/socket.io/?EIO=4&transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	say(t, client, "40"+remembers)
	_, message, err := client.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ PID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(message), "40")), &answer); err != nil || answer.PID == "" {
		t.Fatalf("got %s: %v", message, err)
	}
	return client, answer.PID
}

// A client that remembers a cursor is given its subscriptions back before anything else.
func TestClientIsRecalled(t *testing.T) {
	house := open(t, plan{})
	client, privateID := welcome(t, house, `{"pid":"mine","offset":"known","token":"`+token+`"}`)
	if privateID != "mine" {
		t.Errorf("got the private ID %q, which tells the client that it is not recovered", privateID)
	}
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-2"]`)
	expect(t, client, `42["atlas_subscribed",{"msm":5},"all-2"]`)
	house.deliver(7)
	expect(t, client, `42["atlas_result",{"msm_id":1001,"prb_id":7},"all-2"]`)
	say(t, client, `42["atlas_unsubscribe",{"msm":5}]`) // which says that it had no cursor
	expect(t, client, `42["atlas_unsubscribed",{"msm":5},"all-1"]`)
	say(t, client, `42["atlas_unsubscribe",{"msm":"1001","cursor":"all-1"}]`)
	expect(t, client, `42["atlas_unsubscribed",{"msm":"1001","cursor":"all-1"},""]`)
}

// One that cannot be recovered for the moment keeps what it remembers, and comes again when its connection is closed.
func TestClientIsRecoveredLater(t *testing.T) {
	house := open(t, plan{})
	client, _ := house.dial(t, "/stream/socket.io/?EIO=4&transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	say(t, client, `40{"pid":"mine","offset":"later"}`)
	expectClose(t, client, websocket.CloseNormalClosure)
}

// What has ended meanwhile is given back once, to say so, and not remembered.
func TestWhatHasEndedIsNotGivenBackAgain(t *testing.T) {
	house := open(t, plan{})
	client, _ := welcome(t, house, `{"pid":"mine","offset":"with one that stopped"}`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-2"]`)
	expect(t, client, `42["atlas_subscribed",{"msm":1002},"all-1"]`)
	expect(t, client, `42["atlas_unsubscribed",{"msm":1002},"all-1"]`)
}

// What cannot be had for the moment the client goes on to remember: a page that is told that it is recovered does not ask for it.
func TestWhatCannotBeGivenBackIsRemembered(t *testing.T) {
	house := open(t, plan{})
	house.feed.unreachable = 5
	client, _ := welcome(t, house, `{"pid":"mine","offset":"known"}`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-2"]`)
	expect(t, client, `42["atlas_error","[unavailable] the log cannot be read right now; try again in some seconds",null]`)
	house.deliver(7)
	expect(t, client, `42["atlas_result",{"msm_id":1001,"prb_id":7},"all-2"]`)
}

// What is no cursor of ours makes a client a new one.
func TestUnknownMemoryIsForgotten(t *testing.T) {
	for name, remembers := range map[string]string{
		"nothing":            ``,
		"no offset":          `{"pid":"mine"}`,
		"an empty offset":    `{"pid":"mine","offset":""}`,
		"words":              `{"pid":"mine","offset":"[too_slow] this connection"}`,
		"no private ID":      `{"offset":"known"}`,
		"a long private ID":  `{"pid":"` + strings.Repeat("x", maxPrivateID+1) + `","offset":"known"}`,
		"a number for an ID": `{"pid":1,"offset":"known"}`,
	} {
		t.Run(name, func(t *testing.T) {
			house := open(t, plan{})
			client, privateID := welcome(t, house, remembers)
			if len(privateID) < 16 || privateID == strings.Repeat("x", maxPrivateID+1) {
				t.Errorf("got the private ID %q, want one of its own", privateID)
			}
			say(t, client, `42["atlas_subscribe",{"msm":1001}]`)
			expect(t, client, `42["atlas_subscribed",{"msm":1001}]`)
		})
	}
}

// The words of an error must not become what a client remembers, once it has a cursor to remember.
func TestErrorsAreNotRemembered(t *testing.T) {
	house := open(t, plan{})
	client, _ := welcome(t, house, "")
	say(t, client, `42["nonsense"]`)
	expect(t, client, `42["atlas_error","[unknown_event] \"nonsense\": there is no such event; there are atlas_subscribe and atlas_unsubscribe"]`)
	say(t, client, `42["atlas_subscribe",{"msm":1001,"cursor":""}]`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-1"]`)
	say(t, client, `42["nonsense"]`)
	expect(t, client, `42["atlas_error","[unknown_event] \"nonsense\": there is no such event; there are atlas_subscribe and atlas_unsubscribe",null]`)
	house.shutdown(context.Background())
	expect(t, client, `42["atlas_error","[shutting_down] this gateway stops; reconnect, another one will answer",null]`)
}

// Clients of Engine.IO 3 remember nothing, so their cursors are plain ones.
func TestOldClientsHavePlainCursors(t *testing.T) {
	house := open(t, plan{})
	client, _ := house.dial(t, "/stream/socket.io/?EIO=3&transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	expect(t, client, `40`)
	say(t, client, `42["atlas_subscribe",{"msm":1001,"cursor":""}]`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""}]`)
	house.deliver(7)
	expect(t, client, `42["atlas_result",{"msm_id":1001,"prb_id":7},"1001-behind-0"]`)
}

func TestLinesHaveCursorsIfTheyAreAskedFor(t *testing.T) {
	house := open(t, plan{})
	response := house.get(t, "msm=1001&cursor=")
	expectText(t, response.Body, `["atlas_subscribed",{"cursor":"","msm":"1001"},"1001-behind--1"]`+"\n")
	house.deliver(7)
	expectText(t, response.Body, `["atlas_result",{"msm_id":1001,"prb_id":7},"1001-behind-0"]`+"\n")
	client := house.connect(t)
	say(t, client, `["atlas_subscribe",{"msm":1001,"cursor":""}]`)
	expect(t, client, `["atlas_subscribed",{"msm":1001,"cursor":""},"1001-behind--1"]`)
	house.deliver(8)
	expect(t, client, `["atlas_result",{"msm_id":1001,"prb_id":8},"1001-behind-0"]`)
}

// poll and post are requests of a client that polls.
func (h *house) poll(t *testing.T, query string) string {
	t.Helper()
	response, err := h.server.Client().Get(h.server.URL + "/stream/socket.io/?EIO=4&transport=polling" + query)
	return h.text(t, response, err)
}

func (h *house) post(t *testing.T, query, body string) string {
	t.Helper()
	response, err := h.server.Client().Post(h.server.URL+"/stream/socket.io/?EIO=4&transport=polling"+query, "text/plain", strings.NewReader(body))
	return h.text(t, response, err)
}

func (h *house) text(t *testing.T, response *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A client whose recovery has to wait for Kafka upgrades meanwhile. Its connection is confirmed when it is known whether it is recovered, and what it has said
// since is dealt with after that.
func TestUpgradeDoesNotWaitForTheRecovery(t *testing.T) {
	kafka := make(chan struct{})
	house := open(t, plan{kafka: kafka})
	var hello struct{ SID string }
	if err := json.Unmarshal([]byte(house.poll(t, "")[1:]), &hello); err != nil {
		t.Fatal(err)
	}
	session := "&sid=" + hello.SID
	for _, body := range []string{`40{"pid":"mine","offset":"known"}`, `42["nonsense"]`} {
		if got := house.post(t, session, body); got != "ok" {
			t.Fatalf("%s was answered %s", body, got)
		}
	}
	client, _ := house.dial(t, "/stream/socket.io/?EIO=4&transport=websocket"+session, nil)
	say(t, client, "2probe")
	expect(t, client, "3probe")
	if got := house.poll(t, session); got != "6" {
		t.Fatalf("the poll was answered %s", got)
	}
	say(t, client, "5")
	say(t, client, `42["atlas_unsubscribe",{"msm":5}]`)
	close(kafka)
	for _, want := range []string{
		`40{"sid":`, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-2"]`, `42["atlas_subscribed",{"msm":5},"all-2"]`,
		`42["atlas_error","[unknown_event] \"nonsense\"`, `42["atlas_unsubscribed",{"msm":5},"all-1"]`,
	} {
		expect(t, client, want)
	}
}
