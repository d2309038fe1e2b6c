package engineio

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

// open tries to open a session by a transport and returns the response if it is refused; end ends a session.
func (s *testServer) tryOpen(t *testing.T, transport string) (refused reply, end func()) {
	t.Helper()
	query := "EIO=4&transport=" + transport
	if transport == namePolling {
		got := s.request(t, http.MethodGet, query, http.NoBody)
		if got.status != http.StatusOK {
			return got, nil
		}
		client := &poller{server: s, query: query + "&sid=" + s.newest(t).ID()}
		return reply{}, func() {
			client.request(t, http.MethodPost, client.query, "7").expectRefused(t, http.StatusBadRequest, 3, "")
		}
	}
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/?"+query, nil)
	if err != nil {
		body := make([]byte, 1000)
		n, _ := response.Body.Read(body)
		return reply{response.StatusCode, response.Header, string(body[:n])}, nil
	}
	t.Cleanup(func() { _ = client.Close() })
	receive(t, client)
	return reply{}, func() { _ = client.Close() }
}

func forEachTransport(t *testing.T, run func(t *testing.T, transport string)) {
	t.Helper()
	for _, transport := range []string{namePolling, nameWebSocket} {
		t.Run(transport, func(t *testing.T) { run(t, transport) })
	}
}

func TestAdmission(t *testing.T) {
	forEachTransport(t, func(t *testing.T, transport string) {
		var asked, released atomic.Int64
		t.Cleanup(func() { // after the shutdown
			if released.Load() != 2 {
				t.Errorf("%d of 2 admissions were released", released.Load())
			}
		})
		server := serve(t, Config{Admit: func(r *http.Request) (Admission, error) {
			if r.URL.Query().Get("transport") != transport {
				t.Errorf("got %v", r.URL)
			}
			if asked.Add(1) > 2 {
				return nil, errors.New("two are enough")
			}
			return &counting{release: func() { released.Add(1) }}, nil
		}})
		_, end := server.tryOpen(t, transport)
		_, _ = server.tryOpen(t, transport)
		refused, _ := server.tryOpen(t, transport)
		refused.expect(t, http.StatusTooManyRequests, `{"code":6,"message":"two are enough"}`)
		if refused.header.Get("Retry-After") == "" {
			t.Errorf("got %v", refused.header)
		}
		if released.Load() != 0 || server.sessions.Len() != 2 {
			t.Errorf("%d of %d sessions are released", released.Load(), server.sessions.Len())
		}
		end()
		waitUntil(t, func() bool { return released.Load() == 1 })
	})
}

// The admission of a failed handshake is released.
func TestFailedHandshakeIsReleased(t *testing.T) {
	released := make(chan struct{}, 1)
	server := serve(t, Config{Admit: func(*http.Request) (Admission, error) {
		return &counting{release: func() { released <- struct{}{} }}, nil
	}})
	server.request(t, http.MethodGet, "EIO=4&transport=websocket", http.NoBody).expectRefused(t, 400, 3, "Connection")
	<-released
	if server.sessions.Len() != 0 {
		t.Error("a session is left")
	}
}

func TestMaxSessions(t *testing.T) {
	forEachTransport(t, func(t *testing.T, transport string) {
		server := serve(t, Config{MaxSessions: 2})
		_, end := server.tryOpen(t, transport)
		_, _ = server.tryOpen(t, transport)
		refused, _ := server.tryOpen(t, transport)
		refused.expectRefused(t, http.StatusServiceUnavailable, 3, "as many sessions as it may have")
		end()
		waitUntil(t, func() bool { return server.sessions.Len() == 1 })
		if refused, end := server.tryOpen(t, transport); end == nil {
			t.Errorf("got %+v, want a session", refused)
		}
	})
}

func TestIDsThatAreInUse(t *testing.T) {
	forEachTransport(t, func(t *testing.T, transport string) {
		var next atomic.Int64
		ids := []string{"a", "a", "", "b", "a", "b", "a"}
		server := serve(t, Config{NewID: func() string { return ids[next.Add(1)-1] }})
		for _, want := range []string{"a", "b"} {
			if _, end := server.tryOpen(t, transport); end == nil || server.newest(t).ID() != want {
				t.Fatalf("the session is %q, want %q", server.newest(t).ID(), want)
			}
		}
		refused, _ := server.tryOpen(t, transport)
		refused.expectRefused(t, http.StatusServiceUnavailable, 3, "no ID")
	})
}
