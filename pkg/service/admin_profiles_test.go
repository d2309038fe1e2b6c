package service

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// Profiles are only for clients on the same machine, and the command line, which may have secrets, is not shown at all.
func TestAbuseOfProfiles(t *testing.T) {
	admin := NewAdmin("test", NewRegistry(), func(context.Context) error { return nil })
	for _, test := range []struct {
		path, remote string
		status       int
	}{
		{"/debug/pprof/", "127.0.0.1:1", http.StatusOK},
		{"/debug/pprof/goroutine?debug=2", "[::1]:1", http.StatusOK},
		{"/debug/pprof/heap", "[::ffff:127.0.0.1]:1", http.StatusOK},
		{"/debug/pprof/", "10.0.0.1:1", http.StatusForbidden},
		{"/debug/pprof/profile", "[2001:db8::1]:1", http.StatusForbidden},
		{"/debug/pprof/cmdline", "10.0.0.1:1", http.StatusForbidden},
		{"/debug/pprof/cmdline", "127.0.0.1:1", http.StatusNotFound},
		{"/debug/vars", "127.0.0.1:1", http.StatusNotFound},
		{"/healthz", "10.0.0.1:1", http.StatusOK},
		{"/metrics", "10.0.0.1:1", http.StatusOK},
	} {
		request := httptest.NewRequest(http.MethodGet, test.path, nil)
		request.RemoteAddr = test.remote
		answer := httptest.NewRecorder()
		admin.routes.ServeHTTP(answer, request)
		if answer.Code != test.status {
			t.Errorf("%s from %s: status %d, want %d", test.path, test.remote, answer.Code, test.status)
		}
		if strings.Contains(answer.Body.String(), os.Args[0]) {
			t.Errorf("%s from %s tells the command line", test.path, test.remote)
		}
	}
}

// Only those who may end the program may have it drain: not another machine, and not a page in the browser of somebody who may.
func TestAbuseOfTheDrain(t *testing.T) {
	for _, test := range []struct {
		method, remote, origin string
		status                 int
	}{
		{http.MethodPost, "10.0.0.1:1", "", http.StatusForbidden},
		{http.MethodPost, "127.0.0.1:1", "https://elsewhere.example", http.StatusForbidden},
		{http.MethodGet, "127.0.0.1:1", "", http.StatusMethodNotAllowed},
		{http.MethodPost, "127.0.0.1:1", "", http.StatusAccepted},
		{http.MethodPost, "[::1]:1", "", http.StatusAccepted},
	} {
		admin := NewAdmin("test", NewRegistry(), func(context.Context) error { return nil })
		for range 2 { // a second one changes nothing
			request := httptest.NewRequest(test.method, "/drain", nil)
			request.RemoteAddr = test.remote
			if test.origin != "" {
				request.Header.Set("Origin", test.origin)
			}
			answer := httptest.NewRecorder()
			admin.routes.ServeHTTP(answer, request)
			if answer.Code != test.status {
				t.Errorf("%s from %s, origin %q: status %d, want %d", test.method, test.remote, test.origin, answer.Code, test.status)
			}
		}
		asked := false
		select {
		case <-admin.DrainAsked():
			asked = true
		default:
		}
		if asked != (test.status == http.StatusAccepted) {
			t.Errorf("%s from %s, origin %q: the drain is asked for: %v", test.method, test.remote, test.origin, asked)
		}
	}
}
