package fanout

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

var (
	// ErrTooMany refuses a subscription beyond the limit of a subscriber.
	ErrTooMany = errors.New("too many subscriptions")
	// ErrNotSubscribed refuses to end a subscription that there is not.
	ErrNotSubscribed = errors.New("not subscribed")
)

// Subscriber is a client with its subscriptions.
type Subscriber struct {
	hub    *Hub
	client Client

	mu            sync.Mutex
	left          bool
	fields        int                    // names in the acceptedFields of all subscriptions
	subscriptions map[string]*membership // by key
}

// maxFields bounds what has to be joined when several subscriptions of a client match.
const maxFields = 1000

// membership is one subscription in its partition.
type membership struct {
	wanted    *subscription.Subscription
	partition *partition
	release   func()
}

func (m *membership) end(subscriber *Subscriber, confirmation *outbox.Message) error {
	defer m.release()
	return m.partition.remove(subscriber, m.wanted, confirmation)
}

// Subscribe begins a subscription and confirms it: every matching record that the log takes from the confirmation on is delivered after it. A
// subscription that the subscriber has already is confirmed once more and stays one. Errors: ErrTooMany; those of Client.Offer; or why the log
// cannot be followed.
func (s *Subscriber) Subscribe(ctx context.Context, wanted *subscription.Subscription, confirmation *outbox.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.left:
		return outbox.ErrClosed
	case s.subscriptions[wanted.Key()] != nil:
		return s.client.Offer(confirmation)
	case len(s.subscriptions) >= s.hub.limits.Subscriptions:
		return fmt.Errorf("%w: there are %d, and no more are allowed", ErrTooMany, len(s.subscriptions))
	case s.fields+wanted.Fields.Count() > maxFields:
		return fmt.Errorf("%w with acceptedFields: they have %d names together, and no more than %d are allowed", ErrTooMany, s.fields, maxFields)
	}
	membership, err := s.hub.follow(ctx, s, wanted, confirmation)
	if err != nil {
		return err
	}
	s.subscriptions[wanted.Key()] = membership
	s.fields += wanted.Fields.Count()
	return nil
}

// Unsubscribe ends the subscription with the same parameters and confirms it: nothing is delivered for it after the confirmation. Errors:
// ErrNotSubscribed; those of Client.Offer.
func (s *Subscriber) Unsubscribe(wanted *subscription.Subscription, confirmation *outbox.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	membership := s.subscriptions[wanted.Key()]
	if membership == nil {
		return ErrNotSubscribed
	}
	delete(s.subscriptions, wanted.Key())
	s.fields -= wanted.Fields.Count()
	return membership.end(s, confirmation)
}

// Leave ends all subscriptions.
func (s *Subscriber) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left {
		return
	}
	s.left = true
	s.hub.clients.Add(-1)
	for _, membership := range s.subscriptions {
		_ = membership.end(s, nil) // without a confirmation there is nothing that fails
	}
	s.subscriptions = nil
}
