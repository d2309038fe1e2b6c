package ingest

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"atlasstream/pkg/clientip"
)

// refuseCrossSite refuses what a web page makes its visitor's browser send: a browser may reach a collector that its page's author does not, and sends a form
// or text/plain without a preflight request. The Origin or Sec-Fetch-Site gives such a page away (https://www.w3.org/TR/fetch-metadata/). A page whose own name
// was made to resolve to a loopback address (DNS rebinding) looks like the collector's own, except for that name in Host.
func refuseCrossSite(r *http.Request) *refusal {
	if origin := r.Header.Get("Origin"); origin != "" && !isOriginOf(origin, r.Host) {
		return refuse(http.StatusForbidden, "Origin: got %q, want none: pages of other sites may not send records", origin)
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "none", "same-origin":
	default:
		return refuse(http.StatusForbidden, "Sec-Fetch-Site: got %q, want none: pages of other sites may not send records", site)
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && clientip.Of(local.String()).IsLoopback() && !isLocalHost(r.Host) {
		return refuse(http.StatusForbidden, "Host: got %q, want localhost or an IP address, as the request came to %s", r.Host, local)
	}
	return nil
}

func isOriginOf(origin, host string) bool {
	from, err := url.Parse(origin)
	return err == nil && from.Host != "" && strings.EqualFold(from.Host, host)
}

// isLocalHost tells whether a Host names this machine by a name that nobody else controls. Clients of HTTP/1.0 send no Host; browsers always do.
func isLocalHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	_, err := netip.ParseAddr(host)
	return err == nil || host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
