package passon

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/netip"
	"net/textproto"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/clientip"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/sessionid"
)

// answerTimeout is how long it may take to find a peer, to reach it, and until it says that it deals with the request, which may take longer then.
const answerTimeout = 2 * time.Second

// attempt is one request that is passed on.
type attempt struct {
	original *http.Request
	session  string
	ctx      context.Context
	cancel   context.CancelCauseFunc
	peer     netip.AddrPort
	timer    *time.Timer // ends the attempt while the peer is silent
	answered bool
}

// attemptKey is the key of the attempt in the context of its request.
type attemptKey struct{}

func attemptOf(ctx context.Context) *attempt { return ctx.Value(attemptKey{}).(*attempt) }

// Why an attempt ends before the answer.
var (
	errSilent   = errors.New("the peer did not answer in time")
	errStopping = errors.New("this gateway is shutting down")
	errDistrust = errors.New("the peer does not accept this gateway's signature; want the same --peer-key and clocks that agree")
)

func (h *Handler) passOn(w http.ResponseWriter, r *http.Request, id sessionid.ID) {
	a := &attempt{original: r, session: r.URL.Query().Get("sid")}
	if h.attempts.Reserve(a) != nil {
		h.Settings.Refuse(w, service.LimitTotal)
		return
	}
	defer h.attempts.Remove(a)
	a.ctx, a.cancel = context.WithCancelCause(context.WithValue(r.Context(), attemptKey{}, a))
	defer a.cancel(nil)
	a.timer = time.AfterFunc(answerTimeout, func() { a.cancel(errSilent) })
	defer a.timer.Stop()
	var found bool
	if a.peer, found = h.Peers.Find(a.ctx, id.IsOf); !found {
		h.metrics.count(resultUnknown)
		h.behind.ServeHTTP(w, r)
		return
	}
	if !h.attempts.Open(a, a) {
		h.Settings.Refuse(w, service.LimitTotal)
		return
	}
	h.proxyTo(w, a)
}

// proxyTo passes on a request to its peer, and the answer.
func (h *Handler) proxyTo(w http.ResponseWriter, a *attempt) {
	control := http.NewResponseController(w)
	if a.original.Method == http.MethodPost {
		_ = control.SetReadDeadline(time.Now().Add(h.WriteTimeout)) // fails for a writer without deadlines only
	}
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }() // which the next request on the connection would inherit
	ctx := httptrace.WithClientTrace(a.ctx, &httptrace.ClientTrace{Got1xxResponse: func(int, textproto.MIMEHeader) error {
		//mutate:held-poll-cut
		a.timer.Stop() // the peer deals with it
		return nil
	}})
	h.proxy.ServeHTTP(newResponseWriter(w, h.WriteTimeout), a.original.WithContext(ctx))
}

// rewrite addresses a request to the peer, and signs it.
func (h *Handler) rewrite(request *httputil.ProxyRequest) {
	a := attemptOf(request.In.Context())
	request.Out.URL.Scheme, request.Out.URL.Host = "http", a.peer.String()
	h.Keys.Sign(request.Out, clientip.Of(a.original.RemoteAddr))
}

// answered is called with the peer's answer.
func (h *Handler) answered(response *http.Response) error {
	a := attemptOf(response.Request.Context())
	if a.timer.Stop(); response.StatusCode == http.StatusForbidden { // which the endpoint itself never answers
		return errDistrust
	}
	a.answered = true
	h.metrics.count(resultAnswered)
	switch {
	case response.StatusCode == http.StatusSwitchingProtocols:
		response.Body = h.newTunnel(response.Body)
	case h.draining.Load():
		response.Header.Set("Connection", "close") // so that the next poll comes through another gateway
	}
	return nil
}

// failed answers where the peer has not: the session is as good as unknown, and the client that is told so returns with a new one.
func (h *Handler) failed(w http.ResponseWriter, r *http.Request, err error) {
	a := attemptOf(r.Context())
	switch cause := context.Cause(r.Context()); {
	case a.answered || a.original.Context().Err() != nil:
		if !a.answered {
			h.metrics.count(resultGone)
		}
		return // there is nobody to answer
	case errors.Is(cause, errStopping):
		h.metrics.count(resultGone)
		h.Settings.Refuse(w, "")
		return
	case errors.Is(err, errDistrust):
		h.metrics.count(resultDistrusted)
		h.Logger.Warn("a request was not passed on", zap.Stringer("peer", a.peer), zap.Error(err))
	default:
		h.metrics.count(resultUnreachable)
		h.Logger.Info("a request was not passed on", zap.Stringer("peer", a.peer), zap.Error(errors.Join(err, cause)))
	}
	h.behind.ServeHTTP(w, a.original)
}
