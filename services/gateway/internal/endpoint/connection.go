package endpoint

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/wsconn"
)

// connection is a client from its first request on. Of the request it keeps nothing else, as a client decides how long that is.
type connection struct {
	guest     guest
	token     credential // of the request
	allowance *ratelimit.Allowance
	release   func()                  // takes it off its address's account
	session   atomic.Pointer[session] // nil while there is none
}

// credential is what a request or a client says for a token.
type credential struct {
	given  bool
	digest auth.Digest
}

func credentialOf(token string) credential {
	return credential{given: true, digest: auth.DigestOf(token)}
}

// credentialIn finds the token that came with a request, wherever it came.
func credentialIn(header http.Header, query url.Values) credential {
	if scheme, token, _ := strings.Cut(header.Get(headerAuthorization), " "); strings.EqualFold(scheme, "Bearer") {
		return credentialOf(strings.TrimSpace(token))
	}
	if token, given := wsconn.Bearer(header); given {
		return credentialOf(token)
	}
	if query.Has(parameterToken) {
		return credentialOf(query.Get(parameterToken))
	}
	return credential{}
}

// admits tells whether a message of so many bytes is to be read. One too many is told of now and then, and a client that goes on is closed; one without a
// session at once, as it has not much to say.
func (c *connection) admits(size int) bool { return c.Message(size) == nil }

// Message implements engineio.Admission.
func (c *connection) Message(size int) error {
	verdict := c.allowance.Message(size)
	if verdict == ratelimit.Pass {
		return nil
	}
	session := c.session.Load()
	if session == nil {
		return refuseMessages()
	}
	switch verdict {
	case ratelimit.Warn:
		session.answer(refuseMessages())
	case ratelimit.Expel:
		session.client.Expel(refuseMessages())
	}
	return engineio.ErrTooMany
}

// usage is what the client's subscriptions take of what its address may have.
func (c *connection) usage() (used ratelimit.Usage) {
	if session := c.session.Load(); session != nil {
		used.Subscriptions, used.Bytes = session.subscriber.Usage()
	}
	return used
}

// Release is called once, when nothing of the client is left.
func (c *connection) Release() {
	c.allowance.Leave()
	c.release()
}
