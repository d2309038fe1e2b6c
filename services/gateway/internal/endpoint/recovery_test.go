package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// connectRecovering connects with what a client remembers, and returns the private ID in the response.
func connectRecovering(t *testing.T, s *testServer, remembers string) (client *websocket.Conn, privateID string) {
	t.Helper()
	client, _ = s.dial(t, "/stream/socket.io/?EIO=4&transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	send(t, client, "40"+remembers)
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

// A client that remembers a cursor is resubscribed before anything else.
func TestClientIsRecovered(t *testing.T) {
	server := openTestServer(t, testSettings{})
	client, privateID := connectRecovering(t, server, `{"pid":"mine","offset":"known","token":"`+token+`"}`)
	if privateID != "mine" {
		t.Errorf("got the private ID %q, so that the client does not know that it is recovered", privateID)
	}
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-2"]`)
	expect(t, client, `42["atlas_subscribed",{"msm":5},"all-2"]`)
	server.deliver(7)
	expect(t, client, `42["atlas_result",{"msm_id":1001,"prb_id":7},"all-2"]`)
	send(t, client, `42["atlas_unsubscribe",{"msm":5}]`) // which says that it had no cursor
	expect(t, client, `42["atlas_unsubscribed",{"msm":5},"all-1"]`)
	send(t, client, `42["atlas_unsubscribe",{"msm":"1001","cursor":"all-1"}]`)
	expect(t, client, `42["atlas_unsubscribed",{"msm":"1001","cursor":"all-1"},""]`)
}

// After a temporary error the client keeps what it remembers, and reconnects, as its connection is closed.
func TestClientIsRecoveredLater(t *testing.T) {
	server := openTestServer(t, testSettings{keyless: errors.New("dial tcp 10.0.0.1:9092: refused")})
	client, _ := server.dial(t, "/stream/socket.io/?EIO=4&transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	send(t, client, `40{"pid":"mine","offset":"known"}`)
	expectClose(t, client, websocket.CloseNormalClosure)
}

// A subscription that has ended meanwhile is recovered once, to report its end, and then not remembered.
func TestWhatHasEndedIsNotGivenBackAgain(t *testing.T) {
	server := openTestServer(t, testSettings{})
	client, _ := connectRecovering(t, server, `{"pid":"mine","offset":"with one that stopped"}`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-2"]`)
	expect(t, client, `42["atlas_subscribed",{"msm":1002},"all-1"]`)
	expect(t, client, `42["atlas_unsubscribed",{"msm":1002},"all-1"]`)
}

// A subscription that temporarily fails stays in the client's cursor, as the page of a recovered client does not subscribe again.
func TestWhatCannotBeGivenBackIsRemembered(t *testing.T) {
	server := openTestServer(t, testSettings{})
	server.tails.unreachable = 5
	client, _ := connectRecovering(t, server, `{"pid":"mine","offset":"known"}`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-2"]`)
	expect(t, client, `42["atlas_error","[unavailable] the log cannot be read right now; try again in some seconds",null]`)
	server.deliver(7)
	expect(t, client, `42["atlas_result",{"msm_id":1001,"prb_id":7},"all-2"]`)
}

// A client with an invalid cursor is a new one.
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
			server := openTestServer(t, testSettings{})
			client, privateID := connectRecovering(t, server, remembers)
			if len(privateID) < 16 || privateID == strings.Repeat("x", maxPrivateID+1) {
				t.Errorf("got the private ID %q, want one of its own", privateID)
			}
			send(t, client, `42["atlas_subscribe",{"msm":1001}]`)
			expect(t, client, `42["atlas_subscribed",{"msm":1001}]`)
		})
	}
}

// The text of an error must not replace the cursor that a client remembers.
func TestErrorsAreNotRemembered(t *testing.T) {
	server := openTestServer(t, testSettings{})
	client, _ := connectRecovering(t, server, "")
	send(t, client, `42["nonsense"]`)
	expect(t, client, `42["atlas_error","[unknown_event] \"nonsense\": there is no such event; there are atlas_subscribe and atlas_unsubscribe"]`)
	send(t, client, `42["atlas_subscribe",{"msm":1001,"cursor":""}]`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-1"]`)
	send(t, client, `42["nonsense"]`)
	expect(t, client, `42["atlas_error","[unknown_event] \"nonsense\": there is no such event; there are atlas_subscribe and atlas_unsubscribe",null]`)
	server.shutdown(context.Background())
	expect(t, client, `42["atlas_error","[shutting_down] this gateway is shutting down; reconnect to reach another one",null]`)
}

// Clients of Engine.IO 3 remember nothing, so each subscription has its own cursor.
func TestOldClientsHavePlainCursors(t *testing.T) {
	server := openTestServer(t, testSettings{})
	client, _ := server.dial(t, "/stream/socket.io/?EIO=3&transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	expect(t, client, `40`)
	send(t, client, `42["atlas_subscribe",{"msm":1001,"cursor":""}]`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001,"cursor":""}]`)
	server.deliver(7)
	expect(t, client, `42["atlas_result",{"msm_id":1001,"prb_id":7},"1001-behind-0"]`)
}

func TestLinesHaveCursorsIfTheyAreAskedFor(t *testing.T) {
	server := openTestServer(t, testSettings{})
	response := server.get(t, "msm=1001&cursor=")
	expectText(t, response.Body, `["atlas_subscribed",{"cursor":"","msm":"1001"},"1001-behind--1"]`+"\n")
	server.deliver(7)
	expectText(t, response.Body, `["atlas_result",{"msm_id":1001,"prb_id":7},"1001-behind-0"]`+"\n")
	client := server.connect(t)
	send(t, client, `["atlas_subscribe",{"msm":1001,"cursor":""}]`)
	expect(t, client, `["atlas_subscribed",{"msm":1001,"cursor":""},"1001-behind--1"]`)
	server.deliver(8)
	expect(t, client, `["atlas_result",{"msm_id":1001,"prb_id":8},"1001-behind-0"]`)
}

// poll and post are requests of a polling client.
func (s *testServer) poll(t *testing.T, query string) string {
	t.Helper()
	response, err := s.httpServer.Client().Get(s.httpServer.URL + "/stream/socket.io/?EIO=4&transport=polling" + query)
	return s.text(t, response, err)
}

func (s *testServer) post(t *testing.T, query, body string) string {
	t.Helper()
	response, err := s.httpServer.Client().Post(s.httpServer.URL+"/stream/socket.io/?EIO=4&transport=polling"+query, "text/plain", strings.NewReader(body))
	return s.text(t, response, err)
}

func (s *testServer) text(t *testing.T, response *http.Response, err error) string {
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

// A client whose recovery has to wait for Kafka upgrades meanwhile. Its connection is confirmed once it is known whether it is recovered, and its messages
// are handled after that.
func TestUpgradeDoesNotWaitForTheRecovery(t *testing.T) {
	kafka := make(chan struct{})
	server := openTestServer(t, testSettings{kafka: kafka})
	var hello struct{ SID string }
	if err := json.Unmarshal([]byte(server.poll(t, "")[1:]), &hello); err != nil {
		t.Fatal(err)
	}
	session := "&sid=" + hello.SID
	for _, body := range []string{`40{"pid":"mine","offset":"known"}`, `42["nonsense"]`} {
		if got := server.post(t, session, body); got != "ok" {
			t.Fatalf("%s was answered %s", body, got)
		}
	}
	client, _ := server.dial(t, "/stream/socket.io/?EIO=4&transport=websocket"+session, nil)
	send(t, client, "2probe")
	expect(t, client, "3probe")
	if got := server.poll(t, session); got != "6" {
		t.Fatalf("the poll was answered %s", got)
	}
	send(t, client, "5")
	send(t, client, `42["atlas_unsubscribe",{"msm":5}]`)
	close(kafka)
	for _, want := range []string{
		`40{"sid":`, `42["atlas_subscribed",{"msm":1001,"cursor":""},"all-2"]`, `42["atlas_subscribed",{"msm":5},"all-2"]`,
		`42["atlas_error","[unknown_event] \"nonsense\"`, `42["atlas_unsubscribed",{"msm":5},"all-1"]`,
	} {
		expect(t, client, want)
	}
}
