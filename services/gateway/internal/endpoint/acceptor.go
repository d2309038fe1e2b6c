package endpoint

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/clientstatistics"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/rebalance"
	"atlasstream/services/gateway/internal/session"
)

// Acceptor limits, authenticates and opens sessions for the clients of all endpoints.
type Acceptor struct {
	hub           *session.Hub
	queues        *queuebudget.Stats
	guard         *ratelimit.Guard
	tokens        *auth.Tokens
	statistics    *clientstatistics.Statistics
	connections   *connectionStatistics
	tokenSessions *tokenSessions
	rebalancer    *rebalance.Rebalancer // nil if clients may stay for ever
	logger        *zap.Logger
}

// NewAcceptor makes an acceptor for the clients of a hub, whose queues are counted together, and registers its statistics.
func NewAcceptor(
	hub *session.Hub, queues *queuebudget.Stats, guard *ratelimit.Guard, tokens *auth.Tokens, logger *zap.Logger, registerer prometheus.Registerer,
) *Acceptor {
	acceptor := &Acceptor{hub: hub, queues: queues, guard: guard, tokens: tokens, statistics: clientstatistics.New(), logger: logger}
	acceptor.tokenSessions = &tokenSessions{tokens: tokens, sessions: make(map[*clientSession]struct{})}
	registerer.MustRegister(acceptor.statistics)
	acceptor.connections = newConnectionStatistics(registerer)
	return acceptor
}

// Rebalance has the clients that connect from now on reconnect when the rebalancer says so. It is called before the first one connects.
func (a *Acceptor) Rebalance(rebalancer *rebalance.Rebalancer) { a.rebalancer = rebalancer }

// admit counts a connection first, and charges its address for a message: reconnecting or guessing tokens must not allow more messages than others have. The
// error is a *protocol.Error. Release must be called when the connection is closed.
func (a *Acceptor) admit(endpoint string, request *http.Request) (*connection, error) {
	remote := strings.Clone(request.RemoteAddr) // which may be part of a long header
	allowance, err := a.guard.OpenAllowance(remote)
	if err != nil {
		return nil, protocol.Errorf(protocol.CodeTooManyConnections, "%s; close one first", err)
	}
	if a.guard.ChargeMessage(remote) != nil {
		allowance.Close()
		return nil, errTooManyMessages()
	}
	query := request.URL.Query()
	return &connection{
		info:       clientInfo{endpoint: endpoint, remote: remote, name: nameOf(query.Get(parameterClient)), bearer: &anonymous},
		credential: credentialIn(request.Header, query),
		allowance:  allowance,
	}, nil
}

// accept admits and authenticates the client of a request. The error is a *protocol.Error.
func (a *Acceptor) accept(endpoint string, request *http.Request) (*connection, error) {
	connection, err := a.admit(endpoint, request)
	if err != nil {
		return nil, err
	}
	if refusal := a.authenticate(connection, nil); refusal != nil {
		connection.Release()
		return nil, refusal
	}
	return connection, nil
}

// openSession opens the session of an accepted client. The error is a *protocol.Error. The session's end must be called when the client has
// disconnected.
func (a *Acceptor) openSession(c *connection, client client) (*clientSession, error) {
	if !a.queues.HasRoom() {
		return nil, protocol.Errorf(protocol.CodeTooManyClients,
			"as much waits for the clients that there are as may; try again later, another gateway may have room")
	}
	session := &clientSession{
		connection: c, client: countedClient{client: client}, acceptor: a, forget: func() {},
	}
	var err error
	session.session, err = a.hub.Join(&session.client, access.Rights{
		NonPublic: c.info.bearer.Roles.NonPublic, History: c.info.bearer.Roles.History,
	})
	if err != nil {
		return nil, protocol.Errorf(protocol.CodeTooManyClients, "%s; try again later, another gateway may have room", err)
	}
	session.session.ChargeTo(c.allowance.Networks(), c.allowance.Reading())
	session.session.OnEnd(func() { c.allowance.Recount(c.usage) })
	a.statistics.Connect(&session.client.counts, c.info.name)
	a.logger.Debug("client connected", c.info.fields()...)
	a.connections.connected(client.transport())
	if a.rebalancer != nil {
		session.forget = a.rebalancer.Add(func() { session.client.Leave(errPleaseReconnect()) })
	}
	c.session.Store(session)
	if !a.tokenSessions.add(session) {
		session.end(departureInvalidToken, "its token has changed")
		return nil, errOutdatedToken()
	}
	client.ShareBudget(c.allowance.QueueBudget())
	return session, nil
}

// Request is a request that is answered without a subscription. Until Release it counts as a connection.
type Request struct{ connection *connection }

// Accept admits and authenticates the client of a request. The error is a *protocol.Error. Release must be called when the request is answered.
func (a *Acceptor) Accept(endpoint string, request *http.Request) (Request, error) {
	connection, err := a.accept(endpoint, request)
	return Request{connection}, err
}

// Roles are the roles of the client's token.
func (r Request) Roles() auth.Roles { return r.connection.info.bearer.Roles }

// Reading is the account that pays for reading the log.
func (r Request) Reading() *readlimit.Account { return r.connection.allowance.Reading() }

// Release ends the request. It is called once.
func (r Request) Release() { r.connection.Release() }
