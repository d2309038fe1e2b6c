package door

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/subscription"
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
	bearer access.Bearer

	charged bool // for its token, which counts as coming in
}

// fields tell of the guest in a log.
func (g *guest) fields() []zap.Field {
	return []zap.Field{zap.String("door", g.door), zap.String("remote", g.remote), zap.String("client", g.name), zap.String("bearer", g.bearer.Name)}
}

// introduction is what a client says of itself as it comes.
type introduction struct {
	remote string
	header http.Header
	query  url.Values
	auth   json.RawMessage // of Socket.IO 4: an object, or nil
}

// recognise tells who introduces itself, or refuses one whose token is none. A token costs its address a message before it is looked at, so that guessing
// is bounded: beyond that a right one is refused like a wrong one.
func (r *Reception) recognise(door string, said introduction) (guest, *subscription.Error) {
	known := guest{door: door, remote: said.remote, name: nameOf(said.query.Get(parameterClient))}
	token, given, ok := said.token()
	if ok && !given {
		return known, nil
	}
	if r.guard.Charge(said.remote) != nil {
		return known, refuseMessages()
	}
	known.charged = true
	if ok {
		known.bearer, ok = r.tokens.Find(token)
	}
	if !ok {
		return known, subscription.Refuse(codeInvalidToken, "the token is none that this gateway knows; leave it away for what everybody may see")
	}
	return known, nil
}

// token finds the token that came, wherever it came. It is not ok if it is no text.
func (i *introduction) token() (token string, given, ok bool) {
	if i.auth != nil {
		var auth struct {
			Token *string `json:"token"`
		}
		if json.Unmarshal(i.auth, &auth) != nil {
			return "", true, false
		}
		if auth.Token != nil {
			return *auth.Token, true, true
		}
	}
	if scheme, token, _ := strings.Cut(i.header.Get(headerAuthorization), " "); strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token), true, true
	}
	return i.query.Get(parameterToken), i.query.Has(parameterToken), true
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
