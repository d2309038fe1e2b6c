package engineio

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Request is what a session keeps of the request that opened it.
type Request struct {
	RemoteAddr string      // host:port of the peer
	Header     http.Header // the headers named by Config.KeepHeaders; nil if there are none
	Query      url.Values  // the parameters named by Config.KeepQuery; nil if there are none
}

func (s *Server) keep(r *http.Request) Request {
	kept := Request{RemoteAddr: r.RemoteAddr}
	for _, name := range s.cfg.KeepHeaders {
		if values := r.Header.Values(name); len(values) > 0 {
			if kept.Header == nil {
				kept.Header = make(http.Header, 1)
			}
			kept.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if len(s.cfg.KeepQuery) > 0 {
		kept.Query = keepQuery(r.URL.Query(), s.cfg.KeepQuery)
	}
	return kept
}

// keepQuery copies the values, which are parts of the whole query and would keep it in memory.
func keepQuery(query url.Values, names []string) url.Values {
	var kept url.Values
	for name, values := range query {
		if !slices.Contains(names, name) {
			continue
		}
		if kept == nil {
			kept = make(url.Values, 1)
		}
		for _, value := range values {
			kept.Add(strings.Clone(name), strings.Clone(value))
		}
	}
	return kept
}
