package engineio

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload/payloadtest"
	"atlasstream/services/gateway/internal/wsframe"
)

func TestOpenPacketOverPolling(t *testing.T) {
	server := serve(t, Config{MaxPayload: 5000})
	forBoth(t, func(t *testing.T, revision Revision) {
		for extra, contentType := range map[string]string{"": "text/plain; charset=UTF-8", "&t=1700000000000-0": "application/octet-stream"} {
			if revision == Revision4 {
				contentType = "text/plain; charset=UTF-8"
			}
			first := server.request(t, http.MethodGet, fmt.Sprintf("EIO=%d&transport=polling%s", revision, extra), http.NoBody)
			if got := first.header.Get("Content-Type"); got != contentType || first.header.Get("Cache-Control") != "no-store" {
				t.Errorf("got %q, %v", got, first.header)
			}
		}
		client := server.startPolling(t, revision, "")
		if want := map[Revision]int{Revision4: 5000}[revision]; client.open.MaxPayload != want || !slices.Equal(client.open.Upgrades, []string{"websocket"}) {
			t.Errorf("got %+v", client.open)
		}
	})
}

func TestMessagesOverPolling(t *testing.T) {
	server := serve(t, Config{})
	const text, b64 = "4grüße", "&b64=1"
	for _, test := range []struct {
		name, extra string
		revision    Revision
		post, want  string
	}{
		{"one", "", Revision4, "4hello", "4hello"},
		{"several", "", Revision4, "4a\x1e4b\x1e4c", "4a\x1e4b\x1e4c"},
		{"binary", "", Revision4, "4a\x1ebAQIDBA==", "4a\x1ebAQIDBA=="},
		{"characters", "", Revision4, text, text},
		{"one", b64, Revision3, "6:4hello", "6:4hello"},
		{"several", b64, Revision3, "2:4a2:4b3:4cc", "2:4a2:4b3:4cc"},
		{"binary as base64", b64, Revision3, "6:4hello10:b4AQIDBA==", "6:4hello10:b4AQIDBA=="},
		{"binary without a preference", "", Revision3, "6:4hello10:b4AQIDBA==", "\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04"},
		{"text without a preference", "", Revision3, "6:4hello", "6:4hello"},
		{"binary bodies both ways", "&t=1700000000000-0", Revision3, "\x00\x06\xff4hello\x01\x03\xff\x04\x01\x02", "\x00\x06\xff4hello\x01\x03\xff\x04\x01\x02"},
		{"binary bodies one way", b64, Revision3, "\x00\x06\xff4hello", "6:4hello"},
		{"JSON is sent in ASCII", b64, Revision3, `11:42["grüße"]`, `21:42["gr\u00fc\u00dfe"]`},
		{"JSON that was encoded twice", b64, Revision3, "13:42[\"gr\u00c3\u00bc\u00c3\u009fe\"]", `21:42["gr\u00fc\u00dfe"]`},
	} {
		t.Run(fmt.Sprint(test.name, test.revision), func(t *testing.T) {
			client := server.startPolling(t, test.revision, test.extra)
			client.post(t, test.post)
			client.expect(t, test.want)
		})
	}
}

func TestFaultsOverPollingEndTheSession(t *testing.T) {
	server := serve(t, Config{})
	for _, test := range []struct {
		name     string
		revision Revision
		body     string
		detail   string
	}{
		{"no packet type", Revision4, "abc", "packet type: got 'a'"},
		{"nothing", Revision4, "", "got nothing"},
		{"no length", Revision3, "abc", "want a length"},
		{"a length too long", Revision3, "10:4", "want a length"},
		{"no base64", Revision4, "b!", "want b and base64"},
		{"an upgrade of nothing", Revision4, "5", "packet type"},
		{"a ping in revision 4", Revision4, "2", "revision 4 the server"},
		{"a pong in revision 3", Revision3, "1:3", "in revision 3 the client pings"},
		{"a fault after a message", Revision4, "4a\x1e7", "packet type: got '7'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := server.startPolling(t, test.revision, "")
			client.request(t, http.MethodPost, client.query, test.body).expectRefused(t, 400, 3, test.detail)
			server.expectEnded(t, "parse error")
			client.expectUnknown(t)
		})
	}
}

func TestTwoPollsAtATimeEndTheSession(t *testing.T) {
	server := serve(t, Config{})
	forBoth(t, func(t *testing.T, revision Revision) {
		client := server.startPolling(t, revision, "")
		session := server.newest(t)
		first := client.pollLater(t)
		waitUntil(t, session.polling.isGetting)
		client.poll(t).expectRefused(t, 400, 3, "one at a time")
		(<-first).expect(t, http.StatusOK, body(revision, "1"))
		server.expectEnded(t, "transport error")
		client.expectUnknown(t)
	})
}

func TestTwoPostsAtATimeEndTheSession(t *testing.T) {
	server := serve(t, Config{})
	client := server.startPolling(t, Revision4, "")
	session := server.newest(t)
	slow, slowly := io.Pipe()
	first := make(chan reply, 1)
	go func() { first <- server.request(t, http.MethodPost, client.query, slow) }()
	_, _ = io.WriteString(slowly, "4he")
	waitUntil(t, session.polling.isPosting)
	client.request(t, http.MethodPost, client.query, "4hi").expectRefused(t, 400, 3, "one at a time")
	server.expectEnded(t, "transport error")
	_ = slowly.Close()
	(<-first).expect(t, http.StatusOK, "ok") // though there is no conversation
	client.expectUnknown(t)
}

func TestTooLongBody(t *testing.T) {
	server := serve(t, Config{MaxPayload: 1000})
	client := server.startPolling(t, Revision4, "")
	long := "4" + strings.Repeat("x", 1000)
	client.request(t, http.MethodPost, client.query, long).expectRefused(t, 413, 3, "got 1001 bytes, want at most 1000")
	withoutLength := io.MultiReader(strings.NewReader(long))
	server.request(t, http.MethodPost, client.query, withoutLength).expectRefused(t, 413, 3, "more than 1000 bytes")
	client.post(t, long[:1000])
	client.expect(t, long[:1000])
	many := strings.Repeat("6\x1e", maxPostPackets) + "6"
	server = serve(t, Config{})
	client = server.startPolling(t, Revision4, "")
	client.request(t, http.MethodPost, client.query, many).expectRefused(t, 413, 3, "packets")
}

// A body has at most as many packets as every client reads, and as many bytes as the open packet has.
func TestBodiesOfPollsAreBounded(t *testing.T) {
	const most = 1000
	server := serve(t, Config{MaxPayload: most, Queue: sendqueue.Limits{CloseTimeout: time.Minute}})
	forBoth(t, func(t *testing.T, revision Revision) {
		client := server.startPolling(t, revision, "")
		session := server.newest(t)
		var want, got []string
		for i := range 40 {
			want = append(want, fmt.Sprintf("4%d", i), "4"+strings.Repeat("é", 50+i*10))
		}
		want = append(want, "4"+strings.Repeat("x", 3*most))
		for _, text := range want {
			if err := session.Enqueue(wsframe.Text([]byte(text))); err != nil {
				t.Fatal(err)
			}
		}
		session.Close(CloseReason{Name: "enough"}, wsframe.Text([]byte("4last")))
		for !slices.Contains(got, "1") {
			reply := client.poll(t)
			packets, err := payloadtest.Decode(detectForm(revision, []byte(reply.body)), []byte(reply.body), pollpayload.Limits{Packets: pollpayload.MaxPackets, Bytes: 10 * most})
			if err != nil {
				t.Fatalf("%v: %q", err, reply.body)
			}
			if len(reply.body) > most && len(packets) > 1 {
				t.Fatalf("got %d bytes in %d packets", len(reply.body), len(packets))
			}
			for _, packet := range packets {
				got = append(got, string(packet.Data))
			}
		}
		if !slices.Equal(got, append(want, "4last", "1")) {
			t.Errorf("got %q", got)
		}
		client.expectUnknown(t)
	})
}

func TestSessionIDsBelongToATransport(t *testing.T) {
	server := serve(t, Config{})
	forBoth(t, func(t *testing.T, revision Revision) {
		_, open := server.dial(t, revision)
		for _, request := range []struct{ method, transport string }{{"GET", "polling"}, {"POST", "polling"}, {"GET", "websocket"}} {
			query := fmt.Sprintf("EIO=%d&transport=%s&sid=%s", revision, request.transport, open.SessionID)
			server.request(t, request.method, query, strings.NewReader("4x")).expectRefused(t, 400, 3, "WebSocket from the start")
		}
		client := server.startPolling(t, revision, "")
		client.request(t, http.MethodPut, client.query, "4x").expectRefused(t, 400, 3, "got PUT, want GET or POST")
		server.request(t, http.MethodGet, "transport=websocket&sid="+client.open.SessionID, http.NoBody).expectRefused(t, 400, 3, "Connection")
		// The revision of the first request stays.
		query := "EIO=abc&transport=polling&sid=" + client.open.SessionID
		server.request(t, http.MethodPost, query, strings.NewReader(body(revision, "4x"))).expect(t, 200, "ok")
		client.expect(t, body(revision, "4x"))
	})
}

func TestEndsOfPollingSessions(t *testing.T) {
	forBoth(t, func(t *testing.T, revision Revision) {
		for name, end := range map[string]func(t *testing.T, server *testServer, client *poller){
			"by the client, while a poll waits": func(t *testing.T, server *testServer, client *poller) {
				waiting := client.pollLater(t)
				synctest.Wait()
				client.post(t, body(revision, "1"))
				(<-waiting).expect(t, http.StatusOK, body(revision, "6"))
				server.expectEnded(t, "transport close")
			},
			"by the client, whose poll is overtaken": func(t *testing.T, server *testServer, client *poller) {
				client.post(t, body(revision, "1", "4too late"))
				server.expectEnded(t, "transport close")
				client.post(t, body(revision, "4too late"))
				client.expect(t, body(revision, "6"))
			},
			"by the server, while a poll waits": func(t *testing.T, server *testServer, client *poller) {
				waiting := client.pollLater(t)
				synctest.Wait()
				server.newest(t).Close(CloseReason{Name: "enough"}, wsframe.Text([]byte("4last")))
				(<-waiting).expect(t, http.StatusOK, body(revision, "4last"))
				client.expect(t, body(revision, "1"))
				server.expectEnded(t, "enough")
			},
			"by the server, before a poll": func(t *testing.T, server *testServer, client *poller) {
				session := server.newest(t)
				_ = session.Enqueue(wsframe.Text([]byte("4dropped")))
				session.Abort(CloseReason{Name: "too slow"}, wsframe.Text([]byte("4last")))
				server.expectEnded(t, "too slow")
				client.expect(t, body(revision, "4last"), body(revision, "1"))
			},
		} {
			t.Run(name, func(t *testing.T) {
				simulate(t, Config{}, func(t *testing.T, server *testServer) {
					client := server.startPolling(t, revision, "")
					end(t, server, client)
					client.expectUnknown(t)
				})
			})
		}
	})
}

// A cancelled poll loses nothing.
func TestCancelledPoll(t *testing.T) {
	server := serve(t, Config{})
	client := server.startPolling(t, Revision4, "")
	session := server.newest(t)
	request, err := http.NewRequest(http.MethodGet, server.url+"/?"+client.query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		ctx, giveUp := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			response, err := server.client.Do(request.WithContext(ctx))
			if err == nil {
				_ = response.Body.Close()
			}
			failed <- err
		}()
		waitUntil(t, session.polling.isGetting)
		giveUp()
		if err := <-failed; err == nil {
			t.Fatal("the poll was answered")
		}
		waitUntil(t, func() bool { return !session.polling.isGetting() })
	}
	client.post(t, "4x")
	client.expect(t, "4x")
}

func TestUnknownSessionIsAnsweredAsByTheReferenceServer(t *testing.T) {
	server := serve(t, Config{})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		got := server.request(t, method, "EIO=3&transport=polling&sid=nobody", http.NoBody)
		got.expect(t, http.StatusBadRequest, unknown)
		if !json.Valid([]byte(got.body)) || got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("got %v", got.header)
		}
	}
}

// eager is a client that has read a response and sends its next request before the handler of the first has returned.
type eager struct {
	*httptest.ResponseRecorder
	next func()
}

func (e *eager) Flush() {
	e.ResponseRecorder.Flush()
	e.next()
}

// The next request may overtake the end of the last one, on another connection.
func TestNextRequestOvertakesResponse(t *testing.T) {
	server := serve(t, Config{})
	client := server.startPolling(t, Revision4, "")
	request := func(method, body string, next func()) {
		writer := &eager{httptest.NewRecorder(), next}
		server.ServeHTTP(writer, httptest.NewRequestWithContext(t.Context(), method, "/?"+client.query, strings.NewReader(body)))
		if writer.Code != http.StatusOK {
			t.Fatalf("%s: got %d %s", method, writer.Code, writer.Body)
		}
	}
	client.post(t, "4first")
	request(http.MethodGet, "", func() {
		client.post(t, "4second")
		client.expect(t, "4second")
	})
	request(http.MethodPost, "4third", func() { client.post(t, "4fourth") })
	client.expect(t, "4third\x1e4fourth")
	server.newest(t).Close(CloseReason{Name: "enough"}, wsframe.Text([]byte("4last")))
	client.expect(t, "4last")
	request(http.MethodGet, "", func() { client.expectUnknown(t) })
}
