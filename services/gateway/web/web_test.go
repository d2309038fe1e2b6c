package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func get(handler http.Handler, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return recorder
}

func TestPlainPageServesItsParts(t *testing.T) {
	for path, part := range map[string]string{"/": "/socket.io.js", "/page.js": "atlas_subscribe", "/summary.js": "traceroute", "/page.css": "--accent", "/icon.svg": "<svg"} {
		response := get(PlainPage(), path)
		if response.Code != http.StatusOK || !strings.Contains(response.Body.String(), part) {
			t.Errorf("%s: status %d, without %q", path, response.Code, part)
		}
	}
	if response := get(PlainPage(), "/../web.go"); response.Code == http.StatusOK {
		t.Error("a file outside the page is served")
	}
}

func TestSocketIOClientIsServedWhereItWasBuilt(t *testing.T) {
	built := fstest.MapFS{socketIOClient: {Data: []byte("the client")}}
	response := get(socketIOClientOf(built), "/socket.io.js")
	if response.Code != http.StatusOK || response.Body.String() != "the client" {
		t.Errorf("got %d, %q", response.Code, response.Body)
	}
}

func TestBuildWithoutNodeSaysWhatIsMissing(t *testing.T) {
	response := get(socketIOClientOf(fstest.MapFS{}), "/socket.io.js")
	if response.Code != http.StatusNotFound || !strings.Contains(response.Body.String(), "make web") {
		t.Errorf("got %d, %q", response.Code, response.Body)
	}
}
