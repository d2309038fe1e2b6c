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

// credential is the digest of the token that a client sent; nil if it sent none, as most do.
type credential = *tokens.Digest

// anonymous is the bearer of no token, which most clients share.
var anonymous auth.Bearer

func credentialOf(token string) credential {
	digest := tokens.DigestOf(token)
	return &digest
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
	return nil
}

// authenticate sets the bearer of a connection, or refuses an unknown token. The token of Socket.IO 4's auth, an object or nil, takes precedence over
// that of the request. Guessing is limited, as each connection and each message is counted.
func (a *Acceptor) authenticate(c *connection, socketIOAuth json.RawMessage) *protocol.Error {
	token, ok := c.credential, true
	if socketIOAuth != nil {
		token, ok = overriddenBy(socketIOAuth, token)
	}
	if ok && token == nil {
		c.info.bearer = &anonymous
		return nil
	}
	var bearer auth.Bearer
	if ok {
		bearer, ok = a.tokens.Find(*token)
	}
	if !ok {
		return protocol.Errorf(protocol.CodeInvalidToken, "the token is unknown to this gateway; omit it for public access")
	}
	c.info.bearer = &bearer
	return nil
}

// overriddenBy returns the token of Socket.IO's auth if it has one, else that of the request. It is not ok if that is no string.
func overriddenBy(auth json.RawMessage, ofRequest credential) (token credential, ok bool) {
	var said struct {
		Token *string `json:"token"`
	}
	if json.Unmarshal(auth, &said) != nil {
		return nil, false
	}
	if said.Token != nil {
		return credentialOf(*said.Token), true
	}
	return ofRequest, true
}
