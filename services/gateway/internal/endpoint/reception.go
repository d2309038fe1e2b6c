package endpoint

import (
	"net/http"
	"strings"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/clientip"
	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/ratelimit"
)

// Reception is what every client passes, whichever door it comes through.
type Reception struct {
	hub     *fanout.Hub
	guard   *ratelimit.Guard
	tokens  *auth.Tokens
	tallies *tallies
	bearers *bearers
	logger  *zap.Logger
}

// NewReception makes a reception for the clients of a hub, and registers what it counts of them by their names.
func NewReception(hub *fanout.Hub, guard *ratelimit.Guard, tokens *auth.Tokens, logger *zap.Logger, registerer prometheus.Registerer) *Reception {
	reception := &Reception{hub: hub, guard: guard, tokens: tokens, tallies: newTallies(), logger: logger}
	reception.bearers = &bearers{tokens: tokens, sessions: make(map[*session]struct{})}
	registerer.MustRegister(reception.tallies)
	return reception
}

// admit counts a connection before anything is made for it, and coming in as a message of its address: whoever goes and comes again, or guesses tokens,
// shall not say more than others. A refusal is a *protocol.Error. Leave must be called when the connection is gone.
func (r *Reception) admit(door string, request *http.Request) (*connection, error) {
	remote := strings.Clone(request.RemoteAddr) // which may be part of a long header
	leave, err := r.guard.Enter(remote)
	if err != nil {
		return nil, protocol.Refuse(protocol.CodeTooManyConnections, "%s; close one first", err)
	}
	if r.guard.Charge(remote) != nil {
		leave()
		return nil, refuseMessages()
	}
	query := request.URL.Query()
	return &connection{
		guest:     guest{door: door, remote: remote, name: nameOf(query.Get(parameterClient))},
		token:     credentialIn(request.Header, query),
		allowance: r.guard.Allowance(remote),
		release:   leave,
	}, nil
}

// comeIn admits the client of a request and recognises it, or refuses it.
func (r *Reception) comeIn(door string, request *http.Request) (*connection, error) {
	connection, err := r.admit(door, request)
	if err != nil {
		return nil, err
	}
	if refusal := r.recognise(connection, nil); refusal != nil {
		connection.Release()
		return nil, refusal
	}
	return connection, nil
}

// receive begins the session of a client that has come in, or refuses it with a *protocol.Error. Session.leave must be called when the client is
// gone.
func (r *Reception) receive(c *connection, client client) (*session, error) {
	counted := &counted{client: client, tally: r.tallies.of(c.guest.name)}
	subscriber, err := r.hub.Join(counted, fanout.Rights{
		NonPublic: c.guest.bearer.Roles.NonPublic, History: c.guest.bearer.Roles.History,
	})
	if err != nil {
		return nil, protocol.Refuse(protocol.CodeTooManyClients, "%s; try again later, another gateway may have room", err)
	}
	subscriber.ChargeTo(clientip.Networks(clientip.Of(c.guest.remote)), c.allowance.Reading())
	subscriber.OnEnd(func() { c.allowance.Recount(c.usage) })
	counted.enter()
	r.logger.Debug("client came", c.guest.fields()...)
	session := &session{connection: c, client: counted, subscriber: subscriber, bearers: r.bearers, logger: r.logger}
	c.session.Store(session)
	if !r.bearers.enter(session) {
		session.leave("its token has changed")
		return nil, refuseOutdated()
	}
	client.ShareBudget(c.allowance.Queues())
	return session, nil
}
