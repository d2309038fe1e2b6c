package endpoint

import (
	"context"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/clientstatistics"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// subscribeTimeout bounds how long a subscription waits for Kafka.
const subscribeTimeout = 10 * time.Second

// client is a client of any endpoint.
type client interface {
	delivery.Client
	// ShareBudget counts the client's queue together with those of others.
	ShareBudget(budget queuebudget.Budget)
	// Disconnect drops what waits for the client, sends it an error event and closes its connection.
	Disconnect(why *protocol.Error)
	// Leave sends the client what waits for it and an error event, and closes its connection.
	Leave(why *protocol.Error)
	// transport is what carries the client's events now.
	transport() transport
}

// countedClient is a client with its statistics.
type countedClient struct {
	client
	counts    clientstatistics.Client
	departure atomic.Pointer[departure] // why it is made to leave; nil if it is not
}

// Enqueue counts a message that is queued.
func (c *countedClient) Enqueue(message *wsframe.Message) error {
	return c.counts.Count(message, c.client.Enqueue(message))
}

// EnqueueControl counts a message that is queued.
func (c *countedClient) EnqueueControl(message *wsframe.Message) error {
	return c.counts.Count(message, c.client.EnqueueControl(message))
}

// Overflow implements delivery.Client.
func (c *countedClient) Overflow() {
	c.departing(protocol.CodeTooSlow)
	c.client.Overflow()
}

// Disconnect implements client.
func (c *countedClient) Disconnect(why *protocol.Error) {
	c.departing(why.Code)
	c.client.Disconnect(why)
}

// Leave implements client.
func (c *countedClient) Leave(why *protocol.Error) {
	c.departing(why.Code)
	c.client.Leave(why)
}

// departing notes why the client is made to leave. What is noted first counts.
func (c *countedClient) departing(why protocol.Code) {
	reason := departure(why)
	c.departure.CompareAndSwap(nil, &reason)
}

// clientSession is what one client subscribes to, whichever endpoint it uses. Its methods are called one after the other, end last.
type clientSession struct {
	connection *connection
	client     countedClient
	session    *session.Session
	acceptor   *Acceptor
	forget     func() // by the rebalancer
}

// end is called once, when the client has disconnected: why, unless it was made to leave before, and in words for the log.
func (s *clientSession) end(why departure, said string) {
	s.forget()
	s.acceptor.tokenSessions.remove(s)
	s.session.Leave()
	s.connection.session.Store(nil)
	s.settle()
	s.client.counts.Disconnect()
	if noted := s.client.departure.Load(); noted != nil {
		why = *noted
	}
	s.acceptor.connections.disconnected(s.connection.info.endpoint, why)
	s.acceptor.logger.Debug("client disconnected", append(s.connection.info.fields(), zap.String("why", string(why)), zap.String("reason", said))...)
}

// subscribe begins a subscription. Unless it is nil, add changes what the parameters ask for, such as where to resume.
func (s *clientSession) subscribe(ctx context.Context, parameters []byte, add func(*subscription.Subscription)) error {
	wanted, err := subscription.Parse(parameters)
	if err != nil {
		return err
	}
	if add != nil {
		add(wanted)
	}
	return s.withinLimits(ctx, wanted, parameters, func(ctx context.Context) error { return s.session.Subscribe(ctx, wanted, parameters) })
}

// withinLimits begins a subscription within the limits of memory and time.
func (s *clientSession) withinLimits(ctx context.Context, wanted *subscription.Subscription, parameters []byte, begin func(context.Context) error) error {
	if err := s.connection.allowance.FurtherMessages(wanted.Count() - 1); err != nil { // as if each had been asked for by itself
		return errTooManyMessages()
	}
	if err := s.connection.allowance.ReserveSeveral(wanted.Count(), session.Kept(wanted, parameters)); err != nil {
		return err
	}
	defer s.settle()
	ctx, cancel := context.WithTimeout(ctx, subscribeTimeout)
	defer cancel()
	return begin(ctx)
}

func (s *clientSession) unsubscribe(parameters []byte) error {
	wanted, err := subscription.Parse(parameters)
	if err != nil {
		return err
	}
	defer s.settle()
	return s.session.Unsubscribe(wanted, parameters)
}

func (s *clientSession) settle() { s.connection.allowance.Settle(s.connection.usage) }
