package door

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/admission"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/subscription"
)

// Reception is what every client passes, whichever door it comes through.
type Reception struct {
	hub     *fanout.Hub
	guard   *admission.Guard
	tokens  *access.Tokens
	tallies *tallies
	bearers *bearers
	logger  *zap.Logger
}

// NewReception makes a reception for the clients of a hub, and registers what it counts of them by their names.
func NewReception(hub *fanout.Hub, guard *admission.Guard, tokens *access.Tokens, logger *zap.Logger, registerer prometheus.Registerer) *Reception {
	reception := &Reception{hub: hub, guard: guard, tokens: tokens, tallies: newTallies(), logger: logger}
	reception.bearers = &bearers{tokens: tokens, sessions: make(map[*session]struct{})}
	registerer.MustRegister(reception.tallies)
	return reception
}

// admit counts a connection before anything is made for it, or refuses it with a *subscription.Error. leave must be called once when it is gone.
func (r *Reception) admit(request *http.Request) (leave func(), refusal error) {
	leave, err := r.guard.Enter(request.RemoteAddr)
	if err != nil {
		return nil, subscription.Refuse(codeTooManyConnections, "%s; close one first", err)
	}
	return leave, nil
}

// charge counts coming in as a message of the address, once, or refuses that with a *subscription.Error.
func (r *Reception) charge(guest *guest) error {
	if !guest.charged && r.guard.Charge(guest.remote) != nil {
		return refuseMessages()
	}
	guest.charged = true
	return nil
}

// receive begins the session of a client that has come in, or refuses it with a *subscription.Error. Session.leave must be called when the client is
// gone.
func (r *Reception) receive(guest guest, client client) (*session, error) {
	if err := r.charge(&guest); err != nil {
		return nil, err
	}
	allowance := r.guard.Allowance(guest.remote)
	counted := &counted{client: client, tally: r.tallies.of(guest.name)}
	subscriber, err := r.hub.Join(counted, fanout.Rights{
		NonPublic: guest.bearer.Roles.NonPublic, History: guest.bearer.Roles.History,
	})
	if err != nil {
		allowance.Leave()
		return nil, subscription.Refuse(codeTooManyClients, "%s; try again later, another gateway may have room", err)
	}
	subscriber.OnEnd(func() { allowance.Recount(subscriber.Subscriptions) })
	counted.enter()
	r.logger.Debug("client came", guest.fields()...)
	session := &session{guest: guest, client: counted, subscriber: subscriber, allowance: allowance, bearers: r.bearers, logger: r.logger}
	if !r.bearers.enter(session) {
		session.leave("its token has changed")
		return nil, refuseOutdated()
	}
	return session, nil
}
