package door

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// The events that clients send, and those that answer them.
const (
	eventSubscribe    = "atlas_subscribe"
	eventSubscribed   = "atlas_subscribed"
	eventUnsubscribe  = "atlas_unsubscribe"
	eventUnsubscribed = "atlas_unsubscribed"
)

// Codes of atlas_error beyond those of a subscription's parameters.
const (
	codeUnknownEvent  subscription.Code = "unknown_event"
	codeMalformed     subscription.Code = "malformed"
	codeTooMany       subscription.Code = "too_many_subscriptions"
	codeNotSubscribed subscription.Code = "not_subscribed"
	codeUnavailable   subscription.Code = "unavailable"
	codeFull          subscription.Code = "too_many_clients"
	codeTooSlow       subscription.Code = "too_slow"
	codeShuttingDown  subscription.Code = "shutting_down"
)

// followTimeout is how long a subscription may take to reach Kafka.
const followTimeout = 10 * time.Second

// session is one client, whichever door it came through.
type session struct {
	client     fanout.Client
	subscriber *fanout.Subscriber
	logger     *zap.Logger
}

// newSession refuses a client that is one too many with a *subscription.Error.
func newSession(hub *fanout.Hub, client fanout.Client, logger *zap.Logger) (*session, error) {
	subscriber, err := hub.Join(client)
	if err != nil {
		return nil, subscription.Refuse(codeFull, "%s; try again later, another gateway may have room", err)
	}
	return &session{client: client, subscriber: subscriber, logger: logger}, nil
}

// receive does what the client asks for with an event, and tells it what came of that.
func (s *session) receive(ctx context.Context, event string, arguments []json.RawMessage) {
	var err error
	switch event {
	case eventSubscribe:
		err = s.subscribe(ctx, arguments)
	case eventUnsubscribe:
		err = s.unsubscribe(arguments)
	default:
		err = subscription.Refuse(codeUnknownEvent, "%.60q: there is no such event; there are %s and %s", event, eventSubscribe, eventUnsubscribe)
	}
	s.answer(err)
}

// answer writes the confirmation that is enqueued, or says what went wrong.
func (s *session) answer(err error) {
	if err != nil && !errors.Is(err, outbox.ErrFull) && !errors.Is(err, outbox.ErrClosed) {
		err = s.client.Offer(fanout.ErrorMessage(s.client.Encoding(), s.refusal(err)))
	}
	if errors.Is(err, outbox.ErrFull) {
		s.client.Overflow()
		return
	}
	s.client.Flush()
}

func (s *session) leave() { s.subscriber.Leave() }

func (s *session) subscribe(ctx context.Context, arguments []json.RawMessage) error {
	parameters := first(arguments)
	wanted, err := subscription.Parse(parameters)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	return s.subscriber.Subscribe(ctx, wanted, s.client.Encoding().Event(eventSubscribed, parameters))
}

func (s *session) unsubscribe(arguments []json.RawMessage) error {
	parameters := first(arguments)
	wanted, err := subscription.Parse(parameters)
	if err != nil {
		return err
	}
	return s.subscriber.Unsubscribe(wanted, s.client.Encoding().Event(eventUnsubscribed, parameters))
}

// first gives the parameters, which are echoed just as they came: clients find their own record by the string form of the echo.
func first(arguments []json.RawMessage) []byte {
	if len(arguments) == 0 {
		return nil
	}
	return arguments[0]
}

// refusal words an error for the client. What is wrong on our side goes to the log; the client learns that it may try again.
func (s *session) refusal(err error) *subscription.Error {
	var refusal *subscription.Error
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, fanout.ErrTooMany):
		return subscription.Refuse(codeTooMany, "%s; end one with %s first", err, eventUnsubscribe)
	case errors.Is(err, fanout.ErrNotSubscribed):
		return subscription.Refuse(codeNotSubscribed,
			"there is no subscription with these parameters; they must be those of %s, in any order and style", eventSubscribe)
	}
	s.logger.Warn("a subscription failed", zap.Error(err))
	return subscription.Refuse(codeUnavailable, "the log cannot be read right now; try again in some seconds")
}

// overflowMessage tells a client why it is closed.
func overflowMessage(encoding fanout.Encoding) *outbox.Message {
	return fanout.ErrorMessage(encoding, subscription.Refuse(codeTooSlow,
		"this connection cannot keep up with its subscriptions: results were lost and it is closed; reconnect, or subscribe to less"))
}

// farewellMessage tells a client that the gateway stops.
func farewellMessage(encoding fanout.Encoding) *outbox.Message {
	return fanout.ErrorMessage(encoding, subscription.Refuse(codeShuttingDown, "this gateway stops; reconnect, another one will answer"))
}
