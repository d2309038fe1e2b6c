package endpoint

import (
	"encoding/json"
	"net/http"
	"net/url"

	"atlasstream/pkg/tokens"
	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/wsconn"
)

// credential is the token that a client sent, if any, as its digest.
type credential struct {
	given  bool
	digest tokens.Digest
}

func credentialOf(token string) credential {
	return credential{given: true, digest: tokens.DigestOf(token)}
}

// credentialIn finds the token of a request: in the header, among the WebSocket's subprotocols or in the query.
func credentialIn(header http.Header, query url.Values) credential {
	if token, given := tokens.InHeader(header.Get(headerAuthorization)); given {
		return credentialOf(token)
	}
	if token, given := wsconn.Bearer(header); given {
		return credentialOf(token)
	}
	if query.Has(parameterToken) {
		return credentialOf(query.Get(parameterToken))
	}
	return credential{}
}

// authenticate sets the bearer of a connection, or refuses an unknown token. The token of Socket.IO 4's auth, an object or nil, takes precedence over
// that of the request. Guessing is limited, as each connection and each message is counted.
func (a *Acceptor) authenticate(c *connection, socketIOAuth json.RawMessage) *protocol.Error {
	token, ok := c.credential, true
	if socketIOAuth != nil {
		token, ok = token.overriddenBy(socketIOAuth)
	}
	if ok && !token.given {
		c.info.bearer = auth.Bearer{}
		return nil
	}
	if ok {
		c.info.bearer, ok = a.tokens.Find(token.digest)
	}
	if !ok {
		return protocol.Refuse(protocol.CodeInvalidToken, "the token is unknown to this gateway; omit it for public access")
	}
	return nil
}

// overriddenBy returns the token of Socket.IO's auth if it has one. It is not ok if that is no string.
func (c credential) overriddenBy(auth json.RawMessage) (token credential, ok bool) {
	var said struct {
		Token *string `json:"token"`
	}
	if json.Unmarshal(auth, &said) != nil {
		return credential{}, false
	}
	if said.Token != nil {
		return credentialOf(*said.Token), true
	}
	return c, true
}
