package endpoint

import (
	"context"
	"errors"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// The events that clients send.

// followTimeout is how long a subscription may take to reach Kafka.
const followTimeout = 10 * time.Second

// client is what a door makes of a client.
type client interface {
	fanout.Client
	// ShareBudget has what waits for the client counted together with what waits for others.
	ShareBudget(budget sendqueue.Budget)
	// Expel closes the client's connection after it is told why.
	Expel(why *protocol.Error)
}

// session is one client, whichever door it came through. Its methods are called one after the other, leave last.
type session struct {
	connection *connection
	client     *counted
	subscriber *fanout.Subscriber
	bearers    *bearers
	logger     *zap.Logger
}

// leave is called once, when the client is gone.
func (s *session) leave(reason string) {
	s.bearers.leave(s)
	s.subscriber.Leave()
	s.connection.session.Store(nil)
	s.settle()
	s.client.leave()
	s.logger.Debug("client left", append(s.connection.guest.fields(), zap.String("reason", reason))...)
}

// receive does what the client asks for with an event, and tells it what came of that. The parameters are echoed just as they came: clients find their own
// record by the string form of the echo.
func (s *session) receive(ctx context.Context, event string, parameters []byte) {
	var err error
	switch event {
	case protocol.EventSubscribe:
		err = s.subscribe(ctx, parameters, nil)
	case protocol.EventUnsubscribe:
		err = s.unsubscribe(parameters)
	default:
		err = protocol.Refuse(protocol.CodeUnknownEvent,
			"%.60q: there is no such event; there are %s and %s", event, protocol.EventSubscribe, protocol.EventUnsubscribe)
	}
	s.answer(err)
}

// answer writes the confirmation that is enqueued, or says what went wrong.
func (s *session) answer(err error) {
	if err != nil && !errors.Is(err, sendqueue.ErrFull) && !errors.Is(err, sendqueue.ErrClosed) {
		err = s.client.EnqueueControl(s.client.Complaint(WordRefusal(err, s.logger)))
	}
	if errors.Is(err, sendqueue.ErrFull) {
		s.subscriber.Overflow()
		return
	}
	s.client.Flush()
}

// subscribe begins a subscription. What the door knows of it beyond its parameters is added, unless that is nil.
func (s *session) subscribe(ctx context.Context, parameters []byte, add func(*subscription.Subscription)) error {
	wanted, err := subscription.Parse(parameters)
	if err != nil {
		return err
	}
	if add != nil {
		add(wanted)
	}
	if err := s.connection.allowance.Reserve(fanout.Kept(wanted, parameters)); err != nil {
		return err
	}
	defer s.settle()
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	return s.subscriber.Subscribe(ctx, wanted, parameters)
}

func (s *session) unsubscribe(parameters []byte) error {
	wanted, err := subscription.Parse(parameters)
	if err != nil {
		return err
	}
	defer s.settle()
	return s.subscriber.Unsubscribe(wanted, parameters)
}

func (s *session) settle() { s.connection.allowance.Settle(s.connection.usage) }
