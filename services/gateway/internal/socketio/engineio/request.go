package engineio

import "net/http"

// Request is what a session keeps of the request that opened it.
type Request struct {
	RemoteAddr string      // host:port of the peer
	RawQuery   string      // undecoded
	Header     http.Header // the headers named by Config.KeepHeaders; nil if there are none
}

func (s *Server) keep(r *http.Request) Request {
	kept := Request{RemoteAddr: r.RemoteAddr, RawQuery: r.URL.RawQuery}
	for _, name := range s.cfg.KeepHeaders {
		if values := r.Header.Values(name); len(values) > 0 {
			if kept.Header == nil {
				kept.Header = make(http.Header, 1)
			}
			kept.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	return kept
}
