package session

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"atlasstream/pkg/clientip"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/resume"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/subscriptionlimit"
)

var (
	// ErrTooMany refuses a subscription beyond the limits of a client.
	ErrTooMany = subscriptionlimit.ErrTooMany
	// ErrNotSubscribed refuses to end a subscription that does not exist.
	ErrNotSubscribed = errors.New("not subscribed")
)

// Session is a client with its subscriptions. Subscribe, Unsubscribe and Leave are called one after the other, Leave last and once.
type Session struct {
	delivery.Recipient
	hub     *Hub
	set     set
	tracker *resume.Tracker // nil for a client whose cursors each stand for one subscription
	replays *clientReplays  // nil for a client that has had none, as most
	timers  sync.WaitGroup  // of subscriptions with a duration, until they are stopped or have ended them
	onEnd   func()          // as OnEnd has it
}

// Subscribe begins a subscription and confirms it by repeating the parameters: every matching record that the log takes from then on is delivered
// after the confirmation, and before those what the log has behind the cursor, or what came in the last minutes, if that is wanted. A subscription that
// the client has already is confirmed once more and stays one; one to results of a measurement that has stopped ends when all of its results have
// been delivered. One to the past begins a replay, which ends it in turn; further ones to its measurement join the replay while it runs. Errors:
// ErrTooMany; a *protocol.Error, if the measurement, the past or the cursor is none for this client; those of Client.EnqueueControl; or why the log cannot be
// followed.
func (s *Session) Subscribe(ctx context.Context, wanted *subscription.Subscription, parameters []byte) error {
	if wanted.Lists != nil {
		return s.joinGroup(ctx, wanted, bytes.Clone(parameters), nil)
	}
	return s.join(ctx, &joining{Active: delivery.NewActive(&s.Recipient, wanted, bytes.Clone(parameters))})
}

// joining is a subscription that is about to begin, with what has been found out about where.
type joining struct {
	*delivery.Active
	resumption *Resumption // that it is of; nil for none
	restarts   bool        // its client reconnects by itself, and it cannot resume
	located    *located    // where parts of its group begin; nil if it is of none
	tail       Tail        // in which it resumes, until it has joined; nil for its measurement's
}

func (s *Session) join(ctx context.Context, beginning *joining) error {
	wanted := beginning.Wanted
	beginning.Key = wanted.Key()
	if err := s.checkPast(wanted); err != nil {
		return err
	}
	if present := s.set.find(beginning.Key); present != nil {
		if stays, err := present.Source.Confirm(present, beginning.Parameters); stays {
			return err
		}
	}
	if err := s.set.checkRoom(wanted, beginning.Parameters, s.hub.settings.Limits.Subscriptions); err != nil {
		return err
	}
	if err := s.beginCursors(ctx, wanted); err != nil {
		return err
	}
	if err := s.begin(ctx, beginning); err != nil {
		return err
	}
	beginning.From = nil // is kept no longer
	s.startTimer(beginning.Wanted.Duration, beginning.Active)
	s.RecountCursors()
	return nil
}

// begin begins a subscription in the replay of its measurement that runs already, in a new one, or in what comes from now on.
func (s *Session) begin(ctx context.Context, beginning *joining) error {
	if running := s.replayOf(beginning.Wanted); running != nil {
		if err := s.joinReplay(running, beginning.Active); !errors.Is(err, replay.ErrOver) {
			return err
		}
	}
	if beginning.Wanted.Replay == nil {
		return s.hub.follow(ctx, beginning, &s.set)
	}
	return s.startReplay(ctx, beginning.Active)
}

// Unsubscribe ends the subscription that asks for the same and confirms that by repeating the parameters: nothing is delivered for it after the
// confirmation. Errors: ErrNotSubscribed; those of Client.EnqueueControl.
func (s *Session) Unsubscribe(wanted *subscription.Subscription, parameters []byte) error {
	if wanted.Lists != nil {
		return s.leaveGroup(wanted, parameters)
	}
	leaving := s.set.find(wanted.Key())
	if leaving == nil || !s.agrees(wanted) {
		return ErrNotSubscribed
	}
	defer s.RecountCursors()
	return s.end(leaving, func() error { return s.SendEvent(protocol.EventUnsubscribed, parameters) })
}

// OnEnd has ended called whenever subscriptions have become fewer by themselves: from any goroutine, perhaps after Leave, and without a lock held. It is
// called before the first subscription.
func (s *Session) OnEnd(ended func()) { s.onEnd = ended }

// ChargeTo has networks pay for what the subscriptions cost for each record, together with those of their other clients, and an account for the reading of
// the log, which all clients of an address share. It is called before the first subscription; without it nothing is charged.
func (s *Session) ChargeTo(networks []clientip.Network, reading *readlimit.Account) {
	s.Payer.Networks, s.Account = networks, reading
}

// Usage is how many subscriptions there are, and how many bytes of memory they take. They become fewer by themselves when a change of their measurement or
// the end of a replay ends them.
func (s *Session) Usage() (subscriptions, bytes int) { return s.set.usage() }

// Leave ends all subscriptions of a client that is gone. What waits to be sent in batches is dropped.
func (s *Session) Leave() {
	for _, active := range s.set.all() {
		_ = s.end(active, nil) // a change of the measurement may have ended it meanwhile, which is as good
	}
	s.leaveReplays()
	s.timers.Wait()
	s.Reading.Wait()
	s.Close()
	s.hub.clients.Add(-1)
}
