// Package cors decides which web pages may use a server (Fetch standard, section 3.2, "CORS protocol"), with one rule for all
// endpoints.
package cors

import (
	"net/http"
	"slices"
)

// Origins are the origins of pages that may use a server, such as "https://atlas.example"; without any, all pages may.
type Origins []string

// Middleware answers pages of other origins with 403, and answers preflight requests itself. A page may read all other responses, errors included, even if
// its browser sends cookies: then a response must name the page's origin. No response depends on cookies, so that is harmless.
func (o Origins) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if !o.allow(origin) {
			http.Error(w, "pages of this origin may not use this service", http.StatusForbidden)
			return
		}
		permit(header, origin)
		if r.Method == http.MethodOptions {
			answerPreflight(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allow allows all clients but pages of other origins; clients that are no pages send no origin.
func (o Origins) allow(origin string) bool {
	return origin == "" || len(o) == 0 || slices.Contains(o, origin)
}

func permit(header http.Header, origin string) {
	header.Set("Access-Control-Expose-Headers", "Retry-After")
	if origin == "" {
		header.Set("Access-Control-Allow-Origin", "*")
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
}

// answerPreflight allows a page to send the request that its browser asks about.
func answerPreflight(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST")
	header.Add("Vary", "Access-Control-Request-Headers")
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		header.Set("Access-Control-Allow-Headers", wanted)
	}
	header.Set("Access-Control-Max-Age", "86400") // seconds
	w.WriteHeader(http.StatusNoContent)
}
