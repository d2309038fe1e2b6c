package endpoint

import (
	"encoding/json"
	"strings"

	"atlasstream/services/gateway/internal/protocol"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/auth"
)

// What clients may say of themselves in the query of any door.
const (
	parameterClient = "client" // a name
	parameterToken  = "token"
)

const headerAuthorization = "Authorization"

// maxNameLength bounds a client's name, in bytes.
const maxNameLength = 64

// guest is who comes in at a door.
type guest struct {
	door   string
	remote string // host:port
	name   string // as nameOf gives it
	bearer auth.Bearer
}

// fields tell of the guest in a log.
func (g *guest) fields() []zap.Field {
	return []zap.Field{zap.String("door", g.door), zap.String("remote", g.remote), zap.String("client", g.name), zap.String("bearer", g.bearer.Name)}
}

// recognise tells the connection who its client is, or refuses one whose token is none. The token of Socket.IO 4's auth, an object or nil, counts before
// the request's. Guessing is bounded, as admit counts each connection and each message is counted too.
func (r *Reception) recognise(c *connection, said json.RawMessage) *protocol.Error {
	token, ok := c.token, true
	if said != nil {
		token, ok = token.or(said)
	}
	if ok && !token.given {
		c.guest.bearer = auth.Bearer{}
		return nil
	}
	if ok {
		c.guest.bearer, ok = r.tokens.Find(token.digest)
	}
	if !ok {
		return protocol.Refuse(protocol.CodeInvalidToken, "the token is none that this gateway knows; omit it to see what everybody may see")
	}
	return nil
}

// or gives what the auth says for a token, if it says something. It is not ok if that is no text.
func (c credential) or(auth json.RawMessage) (token credential, ok bool) {
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

// nameOf is the name that a client gives itself, cut short and with every character replaced that does not belong into a log or a metric.
func nameOf(given string) string {
	if given == "" {
		return "unnamed"
	}
	name := []byte(given[:min(len(given), maxNameLength)])
	for i, c := range name {
		if !isNameCharacter(c) {
			name[i] = '_'
		}
	}
	return string(name)
}

func isNameCharacter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._:/@+ ()", c) >= 0
}
