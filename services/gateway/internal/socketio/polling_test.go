package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload/payloadtest"
)

// poller is a client of long-polling.
type poller struct {
	t       testing.TB
	url     string
	form    pollpayload.Form // of what it writes
	waiting []pollpayload.Packet
	session string
}

// openPolling opens a session, which is closed after the test; extra is added to the query.
func (s *testServer) openPolling(t testing.TB, revision engineio.Revision, extra string, form pollpayload.Form) *poller {
	t.Helper()
	p := &poller{t: t, form: form, url: fmt.Sprintf("%s/?EIO=%d&transport=polling%s", s.url, revision, extra)}
	open := p.next()
	var answer struct {
		SessionID string `json:"sid"`
	}
	if err := json.Unmarshal(open.Data[1:], &answer); err != nil || open.Data[0] != '0' {
		t.Fatalf("got %q, want an open packet", open.Data)
	}
	p.session = answer.SessionID
	p.url += "&sid=" + answer.SessionID
	t.Cleanup(func() {
		body := pollpayload.Append(nil, form, []pollpayload.Packet{{Data: []byte("1")}})
		if response, err := http.Post(p.url, "text/plain", bytes.NewReader(body)); err == nil {
			_ = response.Body.Close()
		}
		if response, err := http.Get(p.url); err == nil {
			_ = response.Body.Close()
		}
	})
	return p
}

// next returns the next packet, and polls if there is none left.
func (p *poller) next() pollpayload.Packet {
	p.t.Helper()
	for len(p.waiting) == 0 {
		response, err := http.Get(p.url)
		if err != nil {
			p.t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			p.t.Fatalf("got %d %q, %v", response.StatusCode, body, err)
		}
		form := p.form
		switch {
		case form == pollpayload.Revision4:
		case response.Header.Get("Content-Type") == "application/octet-stream":
			form = pollpayload.Revision3Binary
		default:
			form = pollpayload.Revision3Text
		}
		if p.waiting, err = payloadtest.Decode(form, body, pollpayload.Limits{Packets: pollpayload.MaxPackets, Bytes: 1 << 20}); err != nil {
			p.t.Fatalf("%v: %q", err, body)
		}
	}
	packet := p.waiting[0]
	p.waiting = p.waiting[1:]
	return packet
}

func (p *poller) expect(want ...string) {
	p.t.Helper()
	for _, want := range want {
		if got := p.next(); string(got.Data) != want {
			p.t.Fatalf("got %q, want %q", got.Data, want)
		}
	}
}

func (p *poller) expectBinary(want ...string) {
	p.t.Helper()
	for _, want := range want {
		if got := p.next(); string(got.Data) != want || !got.Binary {
			p.t.Fatalf("got %+v, want %q", got, want)
		}
	}
}

func (p *poller) post(packets ...pollpayload.Packet) {
	p.t.Helper()
	response, err := http.Post(p.url, "text/plain;charset=UTF-8", bytes.NewReader(pollpayload.Append(nil, p.form, packets)))
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); string(body) != "ok" {
		p.t.Fatalf("got %q, %v", body, err)
	}
}

func (p *poller) send(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.post(pollpayload.Packet{Data: []byte(text)})
	}
}

// connectMainPolling opens a session and connects to the main namespace.
func (s *testServer) connectMainPolling(t testing.TB, revision engineio.Revision, extra string, form pollpayload.Form) *poller {
	t.Helper()
	client := s.openPolling(t, revision, extra, form)
	if revision == engineio.Revision3 {
		client.expect("40")
		return client
	}
	client.send("40")
	if got := client.next(); !bytes.HasPrefix(got.Data, []byte(`40{"sid":"`)) {
		t.Fatalf("got %q", got.Data)
	}
	return client
}

// forEachForm runs a test for each form of bodies.
func forEachForm(t *testing.T, run func(t *testing.T, join func(*testServer) *poller)) {
	t.Helper()
	for name, way := range map[string]struct {
		revision engineio.Revision
		extra    string
		form     pollpayload.Form
	}{
		"EIO4":               {engineio.Revision4, "", pollpayload.Revision4},
		"EIO3 as text":       {engineio.Revision3, "&b64=1", pollpayload.Revision3Text},
		"EIO3 in binary":     {engineio.Revision3, "&t=1700000000000-0", pollpayload.Revision3Binary},
		"EIO3 as it pleases": {engineio.Revision3, "", pollpayload.Revision3Text},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(s *testServer) *poller {
				t.Helper()
				return s.connectMainPolling(t, way.revision, way.extra, way.form)
			})
		})
	}
}

func TestEventsOverPolling(t *testing.T) {
	forEachForm(t, func(t *testing.T, join func(*testServer) *poller) {
		server := serve(t, Config{Namespaces: []string{"/", "/custom"}})
		client := join(server)
		client.send(`42["message",1,"2",{"3":[true]}]`, `42456["any name",1]`, `40/custom?a=b,`)
		client.expect(`42["message-back",1,"2",{"3":[true]}]`, `43456[1]`)
		if got := client.next(); !bytes.HasPrefix(got.Data, []byte("40/custom,")) {
			t.Errorf("got %q", got.Data)
		}
		client.send(`42/custom,["message",4]`, "41/custom,", `42/custom,["message",5]`, `42["message",6]`)
		client.expect(`42/custom,["message-back",4]`, `42["message-back",6]`)
		if got := next(t, server.departures); got != "/custom client namespace disconnect" {
			t.Errorf("got %q", got)
		}
	})
}

func TestNonASCIIOverPolling(t *testing.T) {
	server := serve(t, Config{})
	forEachForm(t, func(t *testing.T, join func(*testServer) *poller) {
		client := join(server)
		client.send(`42["message","grüße 😀 ✓"]`)
		var got []string
		if err := json.Unmarshal(client.next().Data[2:], &got); err != nil || got[1] != "grüße 😀 ✓" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestAttachmentsOverPolling(t *testing.T) {
	server := serve(t, Config{Attachments: true})
	forEachForm(t, func(t *testing.T, join func(*testServer) *poller) {
		client := join(server)
		const twoParts = `{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}`
		packet := func(text string) pollpayload.Packet { return pollpayload.Packet{Data: []byte(text)} }
		first, second := pollpayload.Packet{Binary: true, Data: []byte{1, 2, 3}}, pollpayload.Packet{Binary: true, Data: []byte{0xff}}
		client.post(packet(`452-["message",`+twoParts+`]`), first, second)
		client.post(packet(`452-789["message",`+twoParts+`]`), first) // one body may hold the beginning, and the next one the end
		client.post(second)
		event := next(t, server.events)
		if len(event.Attachments) != 2 || !bytes.Equal(event.Attachments[0], first.Data) || !bytes.Equal(event.Attachments[1], second.Data) {
			t.Errorf("got %+v", event)
		}
		client.expect(`452-["message-back",` + twoParts + `]`)
		client.expectBinary("\x01\x02\x03", "\xff")
		client.expect(`462-789[` + twoParts + `]`)
		client.expectBinary("\x01\x02\x03", "\xff")
		next(t, server.events)
	})
}

func TestConnectTimeoutOverPolling(t *testing.T) {
	server := serve(t, Config{ConnectTimeout: 20 * time.Millisecond})
	client := server.openPolling(t, engineio.Revision4, "", pollpayload.Revision4)
	client.expect("1")
}

func TestRefusalOverPolling(t *testing.T) {
	server := serveAccepting(t, Config{}, func(*Socket) error { return errNoEntry })
	client := server.openPolling(t, engineio.Revision3, "&b64=1", pollpayload.Revision3Text)
	var got string
	if err := json.Unmarshal(client.next().Data[2:], &got); err != nil || got != errNoEntry.Error() {
		t.Errorf("got %q, %v", got, err)
	}
	client = server.openPolling(t, engineio.Revision4, "", pollpayload.Revision4)
	client.send("40")
	client.expect(`44{"message":"no «entry»"}`)
}

func TestEndsOverPolling(t *testing.T) {
	server := serve(t, Config{Engine: engineio.Config{Queue: sendqueue.Limits{CloseTimeout: time.Minute}}})
	forEachForm(t, func(t *testing.T, join func(*testServer) *poller) {
		client := join(server)
		socket := next(t, server.sockets)
		_ = socket.Enqueue(EncodeEvent("/", "waits"))
		socket.Close(EncodeEvent("/", "last"))
		client.expect(`42["waits"]`, `42["last"]`, "1")
		if got := next(t, server.departures); got != "/ server disconnect" {
			t.Errorf("got %q", got)
		}
		client = join(server)
		client.send("1")
		client.expect("6")
		if got := next(t, server.departures); got != "/ transport close" {
			t.Errorf("got %q", got)
		}
		next(t, server.sockets)
	})
}

func TestShutdownNotifiesPollingClients(t *testing.T) {
	server := serve(t, Config{Engine: engineio.Config{Queue: sendqueue.Limits{CloseTimeout: time.Minute}}})
	old := server.connectMainPolling(t, engineio.Revision3, "", pollpayload.Revision3Text)
	young := server.connectMainPolling(t, engineio.Revision4, "", pollpayload.Revision4)
	done := make(chan error, 1)
	go func() { done <- server.Shutdown(context.Background(), EncodeEvent("/", "bye")) }()
	for range 2 {
		if got := next(t, server.departures); got != "/ server shutting down" {
			t.Errorf("got %q", got)
		}
	}
	old.expect(`42["bye"]`, "1")
	young.expect(`42["bye"]`, "1")
	if err := next(t, done); err != nil {
		t.Fatal(err)
	}
}

// An upgrade to a WebSocket is invisible to the embedder.
func TestEventsAcrossTheUpgrade(t *testing.T) {
	server := serve(t, Config{})
	for revision, form := range map[engineio.Revision]pollpayload.Form{engineio.Revision3: pollpayload.Revision3Text, engineio.Revision4: pollpayload.Revision4} {
		client := server.connectMainPolling(t, revision, "", form)
		socket := next(t, server.sockets)
		client.send(`42["message",1]`)
		url := "ws" + strings.Replace(strings.TrimPrefix(client.url, "http"), "polling", "websocket", 1)
		moved, response, err := websocket.DefaultDialer.Dial(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer moved.Close()
		_ = response.Body.Close()
		send(t, moved, "2probe")
		expect(t, moved, "3probe")
		client.expect(`42["message-back",1]`)
		client.expect("6")
		client.send(`42["message",2]`)
		send(t, moved, "5", `42["message",3]`)
		expect(t, moved, `42["message-back",2]`, `42["message-back",3]`)
		if err := socket.EmitBinary("up", [][]byte{{7}}, []byte(`{"_placeholder":true,"num":0}`)); err != nil {
			t.Fatal(err)
		}
		expect(t, moved, `451-["up",{"_placeholder":true,"num":0}]`, map[engineio.Revision]string{engineio.Revision3: "\x04\x07", engineio.Revision4: "\x07"}[revision])
		_ = moved.NetConn().Close()
		if got := next(t, server.departures); got != "/ transport close" {
			t.Errorf("got %q", got)
		}
	}
}
