package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestPathThatBeginsWithTwoSlashes(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/stream/socket.io/", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.URL.RequestURI())) })
	for _, path := range []string{"//stream/socket.io/?EIO=3", "/stream/socket.io/?EIO=3"} {
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, "http://atlas.example"+path, nil)
		oneSlash(mux).ServeHTTP(answer, request)
		if answer.Code != http.StatusOK || answer.Body.String() != "/stream/socket.io/?EIO=3" {
			t.Errorf("%s: got %d %q", path, answer.Code, answer.Body)
		}
	}
}
