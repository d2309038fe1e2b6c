package passon

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"

	"go.uber.org/zap"
)

// ReroutePath is where a gateway that is about to stop asks the one that holds a session to have the client come through another way.
const ReroutePath = "/reroute"

// Refuse implements drain.Endpoint: no more WebSockets are passed on from now on. Polls are, as their sessions are those of gateways that stay.
func (h *Handler) Refuse() { h.draining.Store(true) }

// Departures implements drain.Endpoint: it returns a function for each request that is being passed on, after which its client comes through another gateway.
func (h *Handler) Departures() []func() bool { return h.attempts.Departures(h.reroute) }

// Shutdown passes on no more requests, has the clients of those that are left come through other gateways, and waits until they do. It cuts off those that are
// left when ctx ends.
func (h *Handler) Shutdown(ctx context.Context) {
	h.Refuse()
	if err := h.attempts.Shutdown(ctx, h.reroute, func(a *attempt) { a.cancel(errStopping) }); err != nil {
		h.Logger.Warn("cut off requests of sessions of other gateways", zap.Error(err))
	}
	h.rerouting.Wait()
	h.peers.CloseIdleConnections()
}

// reroute asks the peer to have the client come through another way, and cuts the request off if the peer does not. It does not wait.
func (h *Handler) reroute(a *attempt) {
	//mutate:tunnels-cut-unannounced
	if a.original.Method != http.MethodGet {
		return // it is answered soon
	}
	h.rerouting.Go(func() {
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
		case <-a.ctx.Done():
			return
		}
		if err := h.askToReroute(a); err != nil && a.ctx.Err() == nil {
			h.Logger.Info("a client was cut off, as it cannot be told to come through another gateway", zap.Stringer("peer", a.peer), zap.Error(err))
			a.cancel(errStopping)
		}
	})
}

func (h *Handler) askToReroute(a *attempt) error {
	ctx, cancel := context.WithTimeout(a.ctx, answerTimeout)
	defer cancel()
	address := url.URL{Scheme: "http", Host: a.peer.String(), Path: ReroutePath, RawQuery: url.Values{"sid": {a.session}}.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), nil)
	if err != nil {
		return err
	}
	h.Keys.Sign(request, netip.Addr{})
	response, err := h.peers.RoundTrip(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		return errors.New(response.Status)
	}
	return nil
}

// ReceiveReroute serves what other gateways ask at ReroutePath. Reroute returns false for a session that is not there.
func ReceiveReroute(reroute func(sessionID string) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !reroute(r.URL.Query().Get("sid")) {
			http.Error(w, "sid: there is no such session", http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
