package engineio

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload/payloadtest"
	"atlasstream/services/gateway/internal/wsframe"
)

// poller is a long-polling client that sees raw bodies.
type poller struct {
	server *testServer
	query  string // of every request
	open   openPacket
}

// reply is a response.
type reply struct {
	status int
	header http.Header
	body   string
}

// startPolling opens a session; extra is added to the first request's query.
func (s *testServer) startPolling(t testing.TB, revision Revision, extra string) *poller {
	t.Helper()
	p := &poller{server: s, query: fmt.Sprintf("EIO=%d&transport=polling", revision)}
	first := p.request(t, http.MethodGet, p.query+extra, "")
	packets, err := payloadtest.Decode(detectForm(revision, []byte(first.body)), []byte(first.body), pollpayload.Limits{Packets: 1, Bytes: 1000})
	if err != nil || first.status != http.StatusOK || packets[0].Data[0] != byte(packetOpen) {
		t.Fatalf("got %+v, %v; want an open packet", first, err)
	}
	if err := json.Unmarshal(packets[0].Data[1:], &p.open); err != nil {
		t.Fatal(err)
	}
	p.query += "&sid=" + p.open.SessionID
	return p
}

func (p *poller) request(t testing.TB, method, query, body string) reply {
	t.Helper()
	return p.server.request(t, method, query, strings.NewReader(body))
}

func (s *testServer) request(t testing.TB, method, query string, body io.Reader) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+"/?"+query, body)
	if err != nil {
		t.Fatal(err)
	}
	return s.do(t, request)
}

func (s *testServer) do(t testing.TB, request *http.Request) reply {
	t.Helper()
	response, err := s.client.Do(request)
	if err != nil {
		t.Error(err)
		return reply{}
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return reply{response.StatusCode, response.Header, string(got)}
}

func (p *poller) poll(t testing.TB) reply {
	t.Helper()
	return p.request(t, http.MethodGet, p.query, "")
}

// pollLater polls in a goroutine.
func (p *poller) pollLater(t testing.TB) <-chan reply {
	t.Helper()
	replies := make(chan reply, 1)
	go func() { replies <- p.poll(t) }()
	return replies
}

func (p *poller) expect(t testing.TB, wantBodies ...string) {
	t.Helper()
	for _, want := range wantBodies {
		p.poll(t).expect(t, http.StatusOK, want)
	}
}

func (p *poller) post(t testing.TB, body string) {
	t.Helper()
	p.request(t, http.MethodPost, p.query, body).expect(t, http.StatusOK, "ok")
	p.server.awaitHandled(t, p.open.SessionID)
}

// awaitHandled waits until all received packets of a session are handled.
func (s *testServer) awaitHandled(t testing.TB, id string) {
	t.Helper()
	session := s.sessions.Find(id)
	waitUntil(t, func() bool {
		if session == nil {
			return true
		}
		session.inbox.mu.Lock()
		defer session.inbox.mu.Unlock()
		return !session.inbox.busy
	})
}

func (r reply) expect(t testing.TB, status int, body string) {
	t.Helper()
	if r.status != status || r.body != body {
		t.Fatalf("got %d %q, want %d %q", r.status, r.body, status, body)
	}
}

// expectRefused wants a refusal with a code of the reference server's, and a detail.
func (r reply) expectRefused(t testing.TB, status, code int, detail string) {
	t.Helper()
	var refused refusal
	if err := json.Unmarshal([]byte(r.body), &refused); err != nil || r.status != status || refused.Code != code || !strings.Contains(refused.Detail, detail) {
		t.Fatalf("got %d %q, want %d with code %d and %q", r.status, r.body, status, code, detail)
	}
}

const unknown = `{"code":1,"message":"Session ID unknown"}`

func (p *poller) expectUnknown(t testing.TB) {
	t.Helper()
	p.poll(t).expect(t, http.StatusBadRequest, unknown)
	p.request(t, http.MethodPost, p.query, "2").expect(t, http.StatusBadRequest, unknown)
}

// body encodes text packets as a client of a revision does.
func body(revision Revision, packets ...string) string {
	form := pollpayload.Revision4
	if revision == Revision3 {
		form = pollpayload.Revision3Text
	}
	var list []pollpayload.Packet
	for _, packet := range packets {
		list = append(list, pollpayload.Packet{Data: []byte(packet)})
	}
	return string(pollpayload.Append(nil, form, list))
}

func (p *polling) isGetting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pollWaits
}

func (p *polling) isPosting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.postActive
}

// waitUntil waits for a condition.
func waitUntil(t testing.TB, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(testTimeout); !happened(); {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
		runtime.Gosched()
	}
}

// send queues a text packet and sends it.
func (s *Session) send(text string) error {
	defer s.Flush()
	return s.Enqueue(wsframe.Text([]byte(text)))
}
