package endpoint

import (
	"sync"

	"atlasstream/services/gateway/internal/protocol"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/auth"
)

// bearers are the sessions of clients that came with a token.
type bearers struct {
	tokens *auth.Tokens

	mu       sync.Mutex
	sessions map[*session]struct{}
}

// enter takes in the session of a bearer. It returns false if the token has lost its force since it was found: then review may have missed the session.
func (b *bearers) enter(s *session) bool {
	if s.connection.guest.bearer == (auth.Bearer{}) {
		return true
	}
	b.mu.Lock()
	b.sessions[s] = struct{}{}
	b.mu.Unlock()
	return b.tokens.InForce(s.connection.guest.bearer)
}

func (b *bearers) leave(s *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sessions, s)
}

// outdated are the sessions whose token has lost its force.
func (b *bearers) outdated() (sessions []*session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.sessions {
		if !b.tokens.InForce(s.connection.guest.bearer) {
			sessions = append(sessions, s)
		}
	}
	return sessions
}

// Review expels the clients whose token is known no more, or gives something else than when they came: what it opened must not stay open. It is to be
// called when the tokens have changed.
func (r *Reception) Review() {
	outdated := r.bearers.outdated()
	for _, session := range outdated { // who is expelled leaves, so the bearers must not be locked
		session.client.Expel(refuseOutdated())
	}
	if len(outdated) > 0 {
		r.logger.Info("clients were expelled whose token has changed", zap.Int("clients", len(outdated)))
	}
}

func refuseOutdated() *protocol.Error {
	return protocol.Refuse(protocol.CodeInvalidToken, "the token has been taken away, or gives something else than when this client came; reconnect")
}
