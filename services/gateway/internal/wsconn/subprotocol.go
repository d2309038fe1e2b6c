package wsconn

import (
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

const headerSubprotocol = "Sec-WebSocket-Protocol"

// bearerPrefix is the prefix of a token among the offered subprotocols: a page can set nothing else of its WebSocket but the URL.
// Kubernetes does the same.
const bearerPrefix = "bearer."

var errTokenAlone = errors.New(headerSubprotocol + ": got a token alone, want a name beside it, such as atlas: a browser takes no answer without one")

// Bearer returns the token among the subprotocols that a client offers, after percent-decoding.
func Bearer(header http.Header) (token string, given bool) {
	for offered := range subprotocols(header) {
		if token, given = strings.CutPrefix(offered, bearerPrefix); !given {
			continue
		}
		if decoded, err := url.PathUnescape(token); err == nil {
			token = decoded
		}
		return token, true
	}
	return "", false
}

// subprotocol returns the first offered subprotocol that is no token, whatever its name: a browser that offers some closes a WebSocket without one.
func subprotocol(header http.Header) (name string, err error) {
	for offered := range subprotocols(header) {
		if !strings.HasPrefix(offered, bearerPrefix) {
			return offered, nil
		}
		err = errTokenAlone
	}
	return "", err
}

// subprotocols are the subprotocols that a client offers (RFC 6455, section 11.3.4).
func subprotocols(header http.Header) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range header.Values(headerSubprotocol) {
			for name := range strings.SplitSeq(line, ",") {
				if name = strings.TrimSpace(name); name != "" && !yield(name) {
					return
				}
			}
		}
	}
}
