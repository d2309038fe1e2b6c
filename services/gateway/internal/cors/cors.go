// Package cors says which web pages may use a server, by the rule that browsers know (Fetch standard, section 3.2, "CORS protocol"). One rule holds for all
// doors.
package cors

import (
	"net/http"
	"slices"
)

// Origins are those of the pages that may use a server, such as "https://atlas.example"; if there are none, any page may.
type Origins []string

// Middleware answers pages of other origins with 403, and preflight requests itself. Everything else that is answered, be it an error, a page may read, also
// where it asks its browser to send cookies along: an answer must name the page's origin then. Nothing here depends on cookies, so nobody gains by that.
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

// allow lets every client in that is no page of another origin, and says so by naming none.
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

// answerPreflight tells a browser that a page may send the request that it asks about.
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
