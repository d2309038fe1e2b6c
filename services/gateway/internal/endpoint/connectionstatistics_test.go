package endpoint

import (
	"encoding/json"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
)

// series gives the values of a metric with two labels, those that are not 0, by "first: second".
func (s *testServer) series(t *testing.T, name string) map[string]float64 {
	t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]float64)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			if value := metric.GetCounter().GetValue() + metric.GetGauge().GetValue(); family.GetName() == name && value != 0 {
				values[strings.Join(labels, ": ")] = value
			}
		}
	}
	return values
}

// awaitSeries waits until a metric has these values, and no others but 0.
func (s *testServer) awaitSeries(t *testing.T, name string, want map[string]float64) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-ticker.C {
		got := s.series(t, name)
		if maps.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: got %v, want %v", name, got, want)
		}
	}
}

func (s *testServer) awaitDepartures(t *testing.T, want map[string]float64) {
	t.Helper()
	s.awaitSeries(t, "atlas_gateway_disconnects_total", want)
}

// openPolling begins a session of Socket.IO by polling, and returns its part of the query.
func (s *testServer) openPolling(t *testing.T) (session string) {
	t.Helper()
	var hello struct{ SID string }
	if err := json.Unmarshal([]byte(s.poll(t, "")[1:]), &hello); err != nil {
		t.Fatal(err)
	}
	session = "&sid=" + hello.SID
	if got := s.post(t, session, "40"); got != "ok" {
		t.Fatalf("the connect packet was answered %s", got)
	}
	return session
}

// Clients count by the transport that they have: one that upgrades by another one than at first.
func TestClientsCountByTheirTransport(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10})
	server.connect(t)
	server.connectSocketIO(t, "", "", `40{"sid":`)
	expectText(t, server.get(t, "msm=1001").Body, `["atlas_subscribed"`)
	expectText(t, server.get(t, "msm=1001", "Accept", "text/event-stream").Body, "id: ")
	session := server.openPolling(t)
	connects := map[string]float64{"websocket: websocket": 1, "socket.io: websocket": 1, "socket.io: polling": 1, "get: ndjson": 1, "get: sse": 1}
	server.awaitSeries(t, "atlas_gateway_connects_total", connects)
	server.awaitSeries(t, "atlas_gateway_sessions", connects)
	server.poll(t, session) // the answer to the connect packet
	upgraded, _ := server.dial(t, "/stream/socket.io/?EIO=4&transport=websocket"+session, nil)
	send(t, upgraded, "2probe")
	expect(t, upgraded, "3probe")
	server.poll(t, session)
	send(t, upgraded, "5")
	server.awaitSeries(t, "atlas_gateway_sessions", map[string]float64{"websocket: websocket": 1, "socket.io: websocket": 2, "get: ndjson": 1, "get: sse": 1})
	server.awaitSeries(t, "atlas_gateway_connects_total", connects)
}

func TestDeparturesOfClients(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10})
	_ = server.connect(t).Close()
	_ = server.connectSocketIO(t, "", "", `40{"sid":`).Close()
	left := server.get(t, "msm=1001")
	expectText(t, left.Body, `["atlas_subscribed"`)
	_ = left.Body.Close()
	server.deliver(7) // which cannot be written
	server.awaitDepartures(t, map[string]float64{"websocket: client": 1, "socket.io: client": 1, "get: client": 1})

	send(t, server.connect(t), `["`+strings.Repeat("x", 1000)+`"]`) // too long
	malformed := server.connectSocketIO(t, "", "", `40{"sid":`)
	send(t, malformed, "nonsense")
	expectClose(t, malformed, websocket.CloseInvalidFramePayloadData)
	_ = malformed.Close()
	server.get(t, "msm=1003") // which is not public
	ended := server.get(t, "msm=1001&limit=1")
	expectText(t, ended.Body, `["atlas_subscribed"`)
	server.deliver(7)
	if _, err := io.ReadAll(ended.Body); err != nil {
		t.Error(err)
	}
	server.awaitDepartures(t, map[string]float64{
		"websocket: client": 1, "socket.io: client": 1, "get: client": 1,
		"websocket: transport_error": 1, "socket.io: malformed": 1, "get: refused": 1, "get: finished": 1,
	})
}

func TestDeparturesOfSlowClients(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10, queue: sendqueue.Limits{Bytes: 1 << 20, Messages: 2, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second}})
	var reading sync.WaitGroup
	defer reading.Wait()
	for prefix, client := range map[string]*websocket.Conn{"": server.connect(t), "42": server.connectSocketIO(t, "", "", `40{"sid":`)} {
		send(t, client, prefix+`["atlas_subscribe",{"msm":1001}]`)
		expect(t, client, prefix+`["atlas_subscribed"`)
		reading.Go(func() {
			for err := error(nil); err == nil; _, _, err = client.ReadMessage() {
			}
			_ = client.Close()
		})
	}
	server.deliverAll(tooMany())
	server.awaitDepartures(t, map[string]float64{"websocket: too_slow": 1, "socket.io: too_slow": 1})
}

// Whatever a client or a library says, metrics have no other reasons than those of the README.
func TestDeparturesAreFew(t *testing.T) {
	server := newTestServer(t, testSettings{})
	server.acceptor.connections.disconnected(doorGet, departureOfSocketIO("client said: 1"))
	server.acceptor.connections.disconnected(doorGet, departure("gap"))
	server.awaitDepartures(t, map[string]float64{"get: other": 2})
}
