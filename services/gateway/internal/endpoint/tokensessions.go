package endpoint

import (
	"sync"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/protocol"
)

// tokenSessions are the sessions of clients with a token.
type tokenSessions struct {
	tokens *auth.Tokens

	mu       sync.Mutex
	sessions map[*clientSession]struct{}
}

// add adds the session of a bearer. It returns false if the token has become invalid since authentication: then RecheckTokens may have missed the session.
func (t *tokenSessions) add(s *clientSession) bool {
	if s.connection.info.bearer == &anonymous {
		return true
	}
	t.mu.Lock()
	t.sessions[s] = struct{}{}
	t.mu.Unlock()
	return t.tokens.IsValid(*s.connection.info.bearer)
}

func (t *tokenSessions) remove(s *clientSession) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.sessions, s)
}

// outdated returns the sessions whose token is not valid any more, or has other roles.
func (t *tokenSessions) outdated() (sessions []*clientSession) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.sessions {
		if !t.tokens.IsValid(*s.connection.info.bearer) {
			sessions = append(sessions, s)
		}
	}
	return sessions
}

// RecheckTokens disconnects the clients whose token is not known any more, or has other roles than when they connected. It is
// called when the tokens have changed.
func (a *Acceptor) RecheckTokens() {
	outdated := a.tokenSessions.outdated()
	for _, session := range outdated { // which removes the session, so the lock must not be held
		session.client.Disconnect(errOutdatedToken())
	}
	if len(outdated) > 0 {
		a.logger.Info("disconnected clients whose token has changed", zap.Int("clients", len(outdated)))
	}
}

func errOutdatedToken() *protocol.Error {
	return protocol.Errorf(protocol.CodeInvalidToken, "the token was revoked, or its roles have changed since this client connected; reconnect")
}
