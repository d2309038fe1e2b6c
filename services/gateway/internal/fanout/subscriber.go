package fanout

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

var (
	// ErrTooMany refuses a subscription beyond the limits of a subscriber.
	ErrTooMany = errors.New("too many subscriptions")
	// ErrNotSubscribed refuses to end a subscription that there is not.
	ErrNotSubscribed = errors.New("not subscribed")
)

// Subscriber is a client with its subscriptions. Subscribe, Unsubscribe and Leave are called one after the other, Leave last and once.
type Subscriber struct {
	hub        *Hub
	client     Client
	encoding   Encoding
	rights     Rights
	roll       roll
	buffers    map[atlas.Stream]*buffer // of the streams that some subscription has buffered
	replays    []*replay                // those that may be running; for Subscribe and Leave
	onEnd      func()                   // as OnEnd has it
	overfull   atomic.Bool              // a message did not fit: after that a shorter one must not slip in
	overflowed atomic.Bool              // that was told and counted
}

// Subscribe begins a subscription and confirms it by repeating the parameters: every matching record that the log takes from then on is delivered
// after the confirmation. A subscription that the subscriber has already is confirmed once more and stays one; one to results of a measurement that
// has stopped ends at once. One to the past begins a replay, which ends it in turn; further ones to its measurement join the replay while it runs.
// Errors: ErrTooMany; a *subscription.Error, if the measurement or the past is none for this client; those of Client.Offer; or why the log cannot be
// followed.
func (s *Subscriber) Subscribe(ctx context.Context, wanted *subscription.Subscription, parameters []byte) error {
	joining := &membership{subscriber: s, wanted: wanted, key: wanted.Key(), parameters: bytes.Clone(parameters)}
	if err := s.checkPast(wanted); err != nil {
		return err
	}
	if present := s.roll.find(joining.key); present != nil {
		if stays, err := present.partition.confirm(present, joining.event(eventSubscribed)); stays {
			return err
		}
	}
	if err := s.roll.room(joining, s.hub.settings.Limits.Subscriptions); err != nil {
		return err
	}
	return s.begin(ctx, joining)
}

// Unsubscribe ends the subscription that asks for the same and confirms that by repeating the parameters: nothing is delivered for it after the
// confirmation. Errors: ErrNotSubscribed; those of Client.Offer.
func (s *Subscriber) Unsubscribe(wanted *subscription.Subscription, parameters []byte) error {
	leaving := s.roll.find(wanted.Key())
	if leaving == nil || !s.agrees(wanted) {
		return ErrNotSubscribed
	}
	return leaving.end(s.encoding.Event(eventUnsubscribed, parameters))
}

// OnEnd has ended called whenever subscriptions have become fewer by themselves: from any goroutine, perhaps after Leave, and without a lock held. It is
// for whoever has called Join, before the first subscription.
func (s *Subscriber) OnEnd(ended func()) { s.onEnd = ended }

// Subscriptions is how many there are. They become fewer by themselves when a change of their measurement or the end of a replay ends them.
func (s *Subscriber) Subscriptions() int { return s.roll.count() }

// Leave ends all subscriptions of a client that is gone. What waits to be sent in arrays is dropped.
func (s *Subscriber) Leave() {
	for _, membership := range s.roll.all() {
		_ = membership.end() // a change of the measurement may have ended it meanwhile, which is as good
	}
	s.leaveReplays()
	for _, buffer := range s.buffers {
		buffer.close()
	}
	s.hub.clients.Add(-1)
}

// Overflow is for whoever is told by Client.Offer that the client cannot keep up: the client is told so and counted, once.
func (s *Subscriber) Overflow() {
	if s.overflowed.CompareAndSwap(false, true) {
		s.hub.metrics.overflows.Inc()
		s.client.Overflow()
	}
}

// offer enqueues a message. Once one does not fit none is enqueued any more, and flush, which must follow, tells the client.
func (s *Subscriber) offer(message *outbox.Message) error {
	if s.overfull.Load() {
		return outbox.ErrFull
	}
	err := s.client.Offer(message)
	if err == nil {
		return nil
	}
	if errors.Is(err, outbox.ErrFull) {
		s.overfull.Store(true)
	}
	return err
}

// flush writes what is enqueued. It is called without a lock.
func (s *Subscriber) flush() {
	s.client.Flush()
	if s.overfull.Load() {
		s.Overflow()
	}
}

// buffer gives the buffer of a stream. It is called by Subscribe only, so the map needs no lock.
func (s *Subscriber) buffer(stream atlas.Stream) *buffer {
	if s.buffers == nil {
		s.buffers = make(map[atlas.Stream]*buffer)
	}
	if s.buffers[stream] == nil {
		s.buffers[stream] = &buffer{subscriber: s, event: eventName(stream)}
	}
	return s.buffers[stream]
}
