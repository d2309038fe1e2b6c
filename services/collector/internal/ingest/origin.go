package ingest

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"atlasstream/pkg/clientip"
)

// refuseForeign refuses what a web page makes its visitor's browser send: browsers reach collectors that nobody else reaches, and send a form or text/plain
// without asking first. A page tells itself by its Origin or by Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/); one whose own name was made to lead
// to a loopback address looks like the collector's own, but for that name.
func refuseForeign(r *http.Request) *refusal {
	if origin := r.Header.Get("Origin"); origin != "" && !isOriginOf(origin, r.Host) {
		return refuse(http.StatusForbidden, "Origin: got %q, want none: other sites' pages may send nothing here", origin)
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "none", "same-origin":
	default:
		return refuse(http.StatusForbidden, "Sec-Fetch-Site: got %q, want none: other sites' pages may send nothing here", site)
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

// isLocalHost tells whether a Host names this machine by something that nobody can make lead elsewhere. Clients of HTTP/1.0 send none; browsers do.
func isLocalHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	_, err := netip.ParseAddr(host)
	return err == nil || host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
