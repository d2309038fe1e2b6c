package wsconn

import (
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

const headerSubprotocol = "Sec-WebSocket-Protocol"

// bearerPrefix begins what stands among the subprotocols that a client offers and is a token: a page can give its WebSocket nothing else but the URL.
// Kubernetes has it in a similar way.
const bearerPrefix = "bearer."

var errTokenAlone = errors.New(headerSubprotocol + ": got a token alone, want a name beside it, such as atlas: a browser takes no answer without one")

// Bearer gives the token that a client offers among the subprotocols, percent-encoded where a subprotocol cannot have a character.
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

// subprotocol is what answers a client that offers some, as browsers close a WebSocket that is answered none: the first that is no token, whatever its name.
func subprotocol(header http.Header) (name string, err error) {
	for offered := range subprotocols(header) {
		if !strings.HasPrefix(offered, bearerPrefix) {
			return offered, nil
		}
		err = errTokenAlone
	}
	return "", err
}

// subprotocols are those that a client offers (RFC 6455, section 11.3.4).
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
