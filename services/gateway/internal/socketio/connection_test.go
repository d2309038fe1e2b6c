package socketio

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

func TestConnectToTheMainNamespace(t *testing.T) {
	auth := make(chan string, 2)
	server := serveAccepting(t, Config{}, func(s *Socket) error { auth <- string(s.Auth()); return nil })
	t.Run("EIO3 unasked, under the session's ID", func(t *testing.T) {
		client, id := server.connectMain(t, engineio.Revision3)
		socket := next(t, server.sockets)
		if socket.ID() != id || socket.Namespace() != "/" || next(t, auth) != "" {
			t.Errorf("got socket %q in %q; the session is %q", socket.ID(), socket.Namespace(), id)
		}
		send(t, client, "40", `42["message",1]`) // asking for what one has is no fault and gets no answer
		expect(t, client, `42["message-back",1]`)
	})
	t.Run("EIO4 on demand, under an ID of its own", func(t *testing.T) {
		client, session := server.open(t, engineio.Revision4)
		send(t, client, `40{"token":"123"}`)
		id := receiveConnect(t, client, "/")
		if socket := next(t, server.sockets); socket.ID() != id || id == session {
			t.Errorf("got socket %q; the client knows %q, the session is %q", socket.ID(), id, session)
		}
		if got := next(t, auth); got != `{"token":"123"}` {
			t.Errorf("got auth %q", got)
		}
	})
}

// In revision 4 a client connects to any namespace in the same way, with or without auth, and receives only the ID of its socket.
func TestConnectPackets(t *testing.T) {
	server := serveAccepting(t, Config{Namespaces: []string{"/", "/custom"}}, func(s *Socket) error {
		return s.Send(EncodeEvent(s.Namespace(), "shown", []byte(cmp.Or(string(s.Auth()), "null"))))
	})
	for _, test := range []struct{ connect, prefix, shown string }{
		{`40`, `40`, `42["shown",null]`},
		{`40{"token":"123"}`, `40`, `42["shown",{"token":"123"}]`},
		{`40/custom,`, `40/custom,`, `42/custom,["shown",null]`},
		{`40/custom,{"token":"123"}`, `40/custom,`, `42/custom,["shown",{"token":"123"}]`},
	} {
		client, _ := server.open(t, engineio.Revision4)
		send(t, client, test.connect)
		payload, found := strings.CutPrefix(receive(t, client), test.prefix)
		var connected map[string]string
		if err := json.Unmarshal([]byte(payload), &connected); !found || err != nil || len(connected) != 1 || connected["sid"] == "" {
			t.Errorf("%s: got %q, %v", test.connect, payload, err)
		}
		expect(t, client, test.shown)
	}
}

// After an unknown namespace a client may still connect to another.
func TestUnknownNamespaceAtFirst(t *testing.T) {
	server := serve(t, Config{Namespaces: []string{"/custom"}})
	client, _ := server.open(t, engineio.Revision4)
	send(t, client, "40/nowhere", "40")
	expect(t, client, `44/nowhere,{"message":"Invalid namespace"}`, `44{"message":"Invalid namespace"}`)
	send(t, client, "40/custom")
	receiveConnect(t, client, "/custom")
}

func TestNamespaces(t *testing.T) {
	cfg := Config{Namespaces: []string{"/", "/custom", "/closed"}}
	connect := func(s *Socket) error {
		if s.Namespace() == "/closed" {
			return errNoEntry
		}
		return nil
	}
	t.Run("EIO3", func(t *testing.T) {
		server := serveAccepting(t, cfg, connect)
		client, id := server.connectMain(t, engineio.Revision3)
		next(t, server.sockets)
		send(t, client, "40/custom?a=b,")
		expect(t, client, "40/custom,")
		if socket := next(t, server.sockets); socket.ID() != "/custom#"+id {
			t.Errorf("got socket %q", socket.ID())
		}
		send(t, client, "40/closed,", "40/nowhere,")
		expect(t, client, `44/closed,"no «entry»"`, `44/nowhere,"Invalid namespace"`)
	})
	t.Run("EIO4", func(t *testing.T) {
		server := serveAccepting(t, cfg, connect)
		client, main := server.connectMain(t, engineio.Revision4)
		next(t, server.sockets)
		send(t, client, "40/custom")
		if id := receiveConnect(t, client, "/custom"); id == main || id != next(t, server.sockets).ID() {
			t.Errorf("got socket %q", id)
		}
		send(t, client, "40/closed,", "40/nowhere")
		expect(t, client, `44/closed,{"message":"no «entry»"}`, `44/nowhere,{"message":"Invalid namespace"}`)
		send(t, client, `42/custom,["message",1]`, `42/nowhere,["message",2]`, `42["message",3]`)
		expect(t, client, `42/custom,["message-back",1]`, `42["message-back",3]`)
		send(t, client, "41/custom,", `42/custom,["message",4]`, `42["message",5]`)
		expect(t, client, `42["message-back",5]`)
		if got := next(t, server.departures); got != "/custom client namespace disconnect" {
			t.Errorf("got %q", got)
		}
		_ = client.NetConn().Close()
		if got := next(t, server.departures); got != "/ transport close" {
			t.Errorf("got %q", got)
		}
	})
}

func TestMainNamespaceMayBeRefused(t *testing.T) {
	server := serveAccepting(t, Config{}, func(*Socket) error { return errNoEntry })
	client, _ := server.open(t, engineio.Revision3)
	expect(t, client, `44"no «entry»"`)
	client, _ = server.open(t, engineio.Revision4)
	send(t, client, "40")
	expect(t, client, `44{"message":"no «entry»"}`)
}

// What the embedder sends in Connect reaches the client after the connect packet.
func TestHandlerMaySendWhileConnecting(t *testing.T) {
	hello := EncodeEvent("/", "hello")
	server := serveAccepting(t, Config{}, func(s *Socket) error { return s.Send(hello) })
	forBoth(t, func(t *testing.T, revision engineio.Revision) {
		client, _ := server.connectMain(t, revision)
		expect(t, client, `42["hello"]`)
	})
}

func TestHandlerMayRefuseAfterItSentSomething(t *testing.T) {
	server := serveAccepting(t, Config{}, func(s *Socket) error {
		return errors.Join(s.Send(EncodeEvent("/", "hello")), errNoEntry)
	})
	forBoth(t, func(t *testing.T, revision engineio.Revision) {
		client, _ := server.connectMain(t, revision)
		expect(t, client, `42["hello"]`, "41")
	})
}

// golang-socketio subscribes as soon as it has read the open packet, before the connect packet.
func TestEventBeforeTheClientKnowsThatItIsConnected(t *testing.T) {
	server := serve(t, Config{})
	client, _ := server.open(t, engineio.Revision3)
	send(t, client, `42["message",{"msm":1001}]`)
	expect(t, client, "40", `42["message-back",{"msm":1001}]`)
}

func TestEventsAndAcknowledgements(t *testing.T) {
	server := serve(t, Config{})
	forBoth(t, func(t *testing.T, revision engineio.Revision) {
		client, _ := server.connectMain(t, revision)
		send(t, client, `42["message",1,"2",{"3":[true]}]`, `42456["any name",1,"2"]`, `420["x"]`, `4317["an answer to nothing"]`)
		expect(t, client, `42["message-back",1,"2",{"3":[true]}]`, `43456[1,"2"]`, `430[]`)
		if event := next(t, server.events); event.Name != "message" || string(event.Argument) != "1" || len(arguments(event)) != 3 || event.WantsAck {
			t.Errorf("got %+v", event)
		}
		if event := next(t, server.events); event.Name != "any name" || !event.WantsAck || event.AckID != 456 {
			t.Errorf("got %+v", event)
		}
		next(t, server.events)
	})
}

func TestBinaryAttachments(t *testing.T) {
	server := serve(t, Config{Attachments: true})
	forBoth(t, func(t *testing.T, revision engineio.Revision) {
		client, _ := server.connectMain(t, revision)
		prefix := map[engineio.Revision][]byte{engineio.Revision3: {4}}[revision]
		const twoParts = `{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}`
		first, second := append(bytes.Clone(prefix), 1, 2, 3), bytes.Clone(prefix)
		attach := func(packet string) {
			send(t, client, packet)
			for _, attachment := range [][]byte{first, second} {
				if err := client.WriteMessage(websocket.BinaryMessage, attachment); err != nil {
					t.Fatal(err)
				}
			}
		}
		attach(`452-["up",` + twoParts + `]`)
		event := next(t, server.events)
		if event.Name != "up" || len(event.Attachments) != 2 || !bytes.Equal(event.Attachments[0], []byte{1, 2, 3}) || len(event.Attachments[1]) != 0 {
			t.Errorf("got %+v", event)
		}
		if args := arguments(event); string(args[1]) != `{"_placeholder":true,"num":1}` {
			t.Errorf("got argument %s", args[1])
		}
		attach(`452-["message",` + twoParts + `]`)
		expect(t, client, `452-["message-back",`+twoParts+`]`, string(first), string(second))
		attach(`452-789["any name",` + twoParts + `]`)
		expect(t, client, `462-789[`+twoParts+`]`, string(first), string(second))
		for range 2 {
			next(t, server.events)
		}
	})
}

func TestFaultsEndTheConnection(t *testing.T) {
	const text, binary = websocket.TextMessage, websocket.BinaryMessage
	type frame struct {
		kind int
		data string
	}
	server := serve(t, Config{Engine: engineio.Config{MaxPayload: 100}, Attachments: true})
	for _, test := range []struct {
		name   string
		frames []frame
		detail string
	}{
		{"unknown type", []frame{{text, `4abc`}}, "socket.io packet type"},
		{"no array", []frame{{text, `42{}`}}, "want a JSON array"},
		{"no acknowledgement ID", []frame{{text, `42abc["x"]`}}, "want a JSON array"},
		{"enormous number of attachments", []frame{{text, `4518000000000000000000-["x"]`}}, "want a number from 1 to 10"},
		{"binary without notice", []frame{{binary, "\x01"}}, "no packet announced it"},
		{"text instead of binary", []frame{{text, `451-["x"]`}, {text, `42["y"]`}}, "before all the announced attachments"},
		{"attachments too long together", []frame{
			{text, `452-["x"]`},
			{binary, strings.Repeat("x", 60)},
			{binary, strings.Repeat("x", 60)},
		}, "want at most 40"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, _ := server.connectMain(t, engineio.Revision4)
			for _, frame := range test.frames {
				if err := client.WriteMessage(frame.kind, []byte(frame.data)); err != nil {
					t.Fatal(err)
				}
			}
			expectEnd(t, client, websocket.CloseInvalidFramePayloadData, test.detail)
			if got := next(t, server.departures); got != "/ parse error" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// Protocol errors end the connection of a client that is in no namespace yet as well.
func TestFaultBeforeConnecting(t *testing.T) {
	server := serve(t, Config{})
	client, _ := server.open(t, engineio.Revision4)
	send(t, client, "4abc")
	expectEnd(t, client, websocket.CloseInvalidFramePayloadData, "socket.io packet type")
}

func TestSocketClose(t *testing.T) {
	server := serve(t, Config{Namespaces: []string{"/", "/custom"}})
	forBoth(t, func(t *testing.T, revision engineio.Revision) {
		client, _ := server.connectMain(t, revision)
		socket := next(t, server.sockets)
		_ = socket.Enqueue(EncodeEvent("/", "waits"))
		socket.Close(EncodeEvent("/", "last"))
		expect(t, client, `42["waits"]`, `42["last"]`)
		expectEnd(t, client, websocket.CloseNormalClosure, "")
		if got := next(t, server.departures); got != "/ server disconnect" {
			t.Errorf("got %q", got)
		}
		if err := socket.Send(EncodeEvent("/", "late")); !errors.Is(err, sendqueue.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}

func TestSocketAbort(t *testing.T) {
	server := serve(t, Config{})
	client, _ := server.connectMain(t, engineio.Revision4)
	socket := next(t, server.sockets)
	_ = socket.Enqueue(EncodeEvent("/", "waits"))
	socket.Abort(EncodeEvent("/", "too slow"))
	expect(t, client, `42["too slow"]`)
	expectEnd(t, client, websocket.ClosePolicyViolation, "")
	if got := next(t, server.departures); got != "/ server abort" {
		t.Errorf("got %q", got)
	}
}

// A disconnected socket takes nothing more, although the connection and its other sockets stay open.
func TestDisconnectedSocketTakesNothing(t *testing.T) {
	server := serve(t, Config{})
	client, _ := server.connectMain(t, engineio.Revision4)
	socket := next(t, server.sockets)
	send(t, client, "41")
	next(t, server.departures)
	if err := socket.Enqueue(EncodeEvent("/", "late")); !errors.Is(err, sendqueue.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	send(t, client, "40")
	if id := receiveConnect(t, client, "/"); id == socket.ID() {
		t.Error("the client has its old socket again")
	}
}

func TestShutdownNotifiesAll(t *testing.T) {
	server := serve(t, Config{})
	old, _ := server.connectMain(t, engineio.Revision3)
	young, _ := server.connectMain(t, engineio.Revision4)
	done := make(chan error, 1)
	go func() { done <- server.Shutdown(context.Background(), EncodeEvent("/", "bye")) }()
	for _, client := range []*websocket.Conn{old, young} {
		expect(t, client, `42["bye"]`)
		expectEnd(t, client, websocket.CloseGoingAway, "shutting down")
		if got := next(t, server.departures); got != "/ server shutting down" {
			t.Errorf("got %q", got)
		}
	}
	if err := next(t, done); err != nil {
		t.Fatal(err)
	}
}

func TestOneEncodingServesBothRevisions(t *testing.T) {
	server := serve(t, Config{})
	old, _ := server.connectMain(t, engineio.Revision3)
	young, _ := server.connectMain(t, engineio.Revision4)
	news := EncodeEvent("/", "news", []byte(`{"t":"grüße"}`))
	for range 2 {
		if err := next(t, server.sockets).Send(news); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, old, `42["news",{"t":"grüße"}]`)
	expect(t, young, `42["news",{"t":"grüße"}]`)
}

func TestConnectTimeout(t *testing.T) {
	server := serve(t, Config{ConnectTimeout: 20 * time.Millisecond})
	client, _ := server.open(t, engineio.Revision4)
	expectEnd(t, client, websocket.ClosePolicyViolation, "connected to no namespace in time")
	select {
	case departure := <-server.departures:
		t.Errorf("a socket was disconnected that was never connected: %q", departure)
	default:
	}
}

func TestConfigValidate(t *testing.T) {
	err := Config{ConnectTimeout: -1, Namespaces: []string{"/fine", "custom", "/a,b"}}.Validate()
	for _, fault := range []string{"NewID", "ConnectTimeout", `"custom"`, `"/a,b"`} {
		if err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("got %v, want it to name %s", err, fault)
		}
	}
	if strings.Contains(err.Error(), `"/fine"`) {
		t.Errorf("got %v", err)
	}
}
