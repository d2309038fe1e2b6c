package engineio

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// unserved is a server without a network: its requests are recorded.
func unserved(t testing.TB) *testServer {
	t.Helper()
	server := newEchoServer(t, Config{MaxPayload: 1000})
	t.Cleanup(func() {
		server.abandonPolling()
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

func (s *testServer) record(t testing.TB, method, query string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // so that no poll waits
	request := (&http.Request{Method: method, URL: &url.URL{Path: "/", RawQuery: query}, Body: http.NoBody, Header: http.Header{}}).WithContext(ctx)
	if body != nil {
		request = httptest.NewRequestWithContext(ctx, method, "/?"+query, bytes.NewReader(body))
	}
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	return recorder
}

// A body is accepted, or ends the session, or is too long; nothing else may happen.
func FuzzPost(f *testing.F) {
	for _, body := range []string{
		"4hello", "4a\x1e4b\x1ebAQID", "6:4hello10:b4AQIDBA==", "\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04", "2", "1:2", "3", "1", "5", "0{}",
		"b", "10:4", "1\x1e7", "13:42[\"gr\u00c3\u00bc\u00c3\u009fe\"]", "4" + strings.Repeat("x", 1000), "4\xff", "", "\x1e", "\x00\xff", "\x01\x01\xff\x04",
	} {
		f.Add(true, []byte(body))
		f.Add(false, []byte(body))
	}
	server := unserved(f)
	f.Fuzz(func(t *testing.T, old bool, body []byte) {
		query := "EIO=4&transport=polling"
		if old {
			query = "EIO=3&transport=polling"
		}
		if opened := server.record(t, http.MethodGet, query, nil); opened.Code != http.StatusOK {
			t.Fatalf("got %d", opened.Code)
		}
		session := server.newest(t)
		query += "&sid=" + session.ID()
		status := server.record(t, http.MethodPost, query, body).Code
		ended := session.closeReason.Load()
		switch {
		case status == http.StatusBadRequest && ended != nil && ended.final:
		case status == http.StatusOK && (ended == nil || *ended == reasonTransportClose):
		case status == http.StatusRequestEntityTooLarge && ended == nil:
		default:
			t.Fatalf("%q was answered %d, and the session ended by %+v", body, status, ended)
		}
		if poll := server.record(t, http.MethodGet, query, nil); poll.Body.Len() > 2*server.cfg.MaxPayload {
			t.Fatalf("%d bytes were returned", poll.Body.Len())
		}
		server.forget()
	})
}

func FuzzRequest(f *testing.F) {
	for _, query := range []string{
		"EIO=4&transport=polling", "EIO=3&transport=polling&b64=1&t=1-0", "EIO=3&transport=polling&j=0", "EIO=4&transport=websocket", "transport=polling",
		"EIO=4&transport=polling&sid=SID", "EIO=4&transport=websocket&sid=SID", "EIO=4&transport=polling&sid=nobody", "%zz=&transport", "EIO=4;transport=polling",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions, "PUT"} {
			f.Add(method, query)
		}
	}
	server := unserved(f)
	f.Fuzz(func(t *testing.T, method, query string) {
		server.record(t, http.MethodGet, "EIO=4&transport=polling", nil)
		query = strings.ReplaceAll(query, "SID", server.newest(t).ID())
		before := server.sessions.Len()
		status := server.record(t, method, query, nil).Code
		if status >= 500 {
			t.Fatalf("%s %q was answered %d", method, query, status)
		}
		if method != http.MethodGet && server.sessions.Len() > before {
			t.Fatalf("%s %q opened a session", method, query)
		}
		server.forget()
	})
}

// forget ends all sessions.
func (s *testServer) forget() {
	s.abandonPolling()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = nil
	for len(s.ended) > 0 {
		<-s.ended
	}
}
