package session

import (
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/subscription"
)

// Limits of a session.
const ()

// Partitions are those of a stream.
func (s *Stream) Partitions() []*live.Partition { return s.all() }

// Actives are the subscriptions of a session.
func (s *Session) Actives() []*delivery.Active { return s.set.all() }

// Active is the subscription of a session by its key.
func (s *Session) Active(key string) *delivery.Active { return s.set.find(key) }

// End ends a subscription as Unsubscribe does.
func (s *Session) End(active *delivery.Active, confirm func() error) error {
	return s.end(active, confirm)
}

// NewResumption is what Recall gives for a subscription.
func NewResumption(saved cursor.SavedSubscription) *Resumption { return &Resumption{saved: saved} }

// TokenOf gives what counts of a token for a subscription.
func TokenOf(wanted *subscription.Subscription, token cursor.Token) cursor.Token {
	return tokenOf(wanted, token)
}
