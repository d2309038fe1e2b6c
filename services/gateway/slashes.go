package gateway

import (
	"net/http"
	"net/url"
	"strings"
)

// oneSlash serves //stream/socket.io/ as /stream/socket.io/. ripe.atlas.cousteau up to 1.4.2 asks for the former, and its WebSocket follows no redirect,
// with which http.ServeMux would answer.
func oneSlash(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "//") {
			request := *r
			request.URL = new(url.URL)
			*request.URL = *r.URL
			request.URL.Path = "/" + strings.TrimLeft(r.URL.Path, "/")
			r = &request
		}
		next.ServeHTTP(w, r)
	})
}
