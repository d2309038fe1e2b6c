package ingest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"atlasstream/pkg/jitter"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/split"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// answerTimeout bounds how long a client may take to read its answer, and to send the rest of a refused body.
const answerTimeout = 10 * time.Second

// route is what a path takes.
type route struct {
	method string
	to     publish.Destination
}

var routes = map[string]route{
	"/v1/results":      {http.MethodPost, publish.Results},
	"/v1/probestatus":  {http.MethodPost, publish.ProbeStatus},
	"/v1/probes":       {http.MethodPut, publish.Probes},
	"/v1/measurements": {http.MethodPut, publish.Measurements},
}

// HTTP handles POSTs of results and probe-status events, and PUTs of registry objects.
type HTTP struct {
	intake
	limits  Limits
	metrics *httpMetrics
}

// NewHTTP returns the handler. The load is shared with GRPC; the registerer may be nil.
func NewHTTP(publisher Publisher, limits Limits, load *Load, logger *zap.Logger, registerer prometheus.Registerer) *HTTP {
	return &HTTP{intake: intake{publisher, load, logger, "line"}, limits: limits, metrics: newHTTPMetrics(registerer)}
}

// answer is the body of every answer. A request that is refused before anything was read has only the error.
type answer struct {
	Error string `json:"error,omitempty"`
	*publish.Outcome
}

func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	body := h.limits.pace(w, r)
	outcome, refused := h.serve(w, r, body)
	status := http.StatusOK
	if refused != nil {
		status = refused.status
	}
	if refused != nil && status != http.StatusRequestTimeout {
		body.discard(r, h.limits.BodyBytes)
	}
	closeIfOld(w, r)
	h.reply(w, status, outcome, refused)
	h.metrics.answered(r.URL.Path, status, time.Since(began))
}

func (h *HTTP) serve(w http.ResponseWriter, r *http.Request, body *pacedBody) (*publish.Outcome, *refusal) {
	if refused := refuseCrossSite(r); refused != nil {
		return nil, refused
	}
	route, known := routes[r.URL.Path]
	if !known {
		return nil, refuse(http.StatusNotFound, "no such path %q: want POST /v1/results, POST /v1/probestatus, PUT /v1/probes or PUT /v1/measurements", r.URL.Path)
	}
	if r.Method != route.method {
		w.Header().Set("Allow", route.method)
		return nil, refuse(http.StatusMethodNotAllowed, "method %s: want %s", r.Method, route.method)
	}
	from := h.load.newSender(r.RemoteAddr, r.Header.Values, r.TLS)
	if refused := h.load.identify(from, route.to.Topic); refused != nil {
		return nil, refused
	}
	memory, err := h.load.reserve(from.account, requestBytes)
	if err != nil {
		return nil, h.load.refused(from, refuseBusy(err))
	}
	defer memory.release()
	outcome, refused := h.take(w, r, body, memory, from, route.to)
	return outcome, h.load.refused(from, refused)
}

func (h *HTTP) reply(w http.ResponseWriter, status int, outcome *publish.Outcome, refused *refusal) {
	content := answer{Outcome: outcome}
	if refused != nil {
		content.Error = refused.reason.Error()
	}
	if refused != nil && refused.retry > 0 {
		jitter.SetRetryAfter(w.Header(), refused.retry)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/json")
	setDeadlines(w, status)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content) // fails if the client has gone, which needs no action
}

// setDeadlines bounds the reading of the answer, and of the rest of a refused body: net/http reads some of it to keep the connection, but not from a client
// that was too slow. Only connections of tests have no deadlines.
func setDeadlines(w http.ResponseWriter, status int) {
	connection := http.NewResponseController(w)
	deadline := time.Now().Add(answerTimeout)
	_ = connection.SetWriteDeadline(deadline)
	if status == http.StatusRequestTimeout {
		w.Header().Set("Connection", "close")
		return
	}
	_ = connection.SetReadDeadline(deadline)
}

// maxArrays is how many arrays may follow one another in a body: empty ones cost work and have no records that count.
const maxArrays = 10_000

// take publishes a body batch by batch, while it arrives.
func (h *HTTP) take(
	w http.ResponseWriter, r *http.Request, paced *pacedBody, memory *reservation, from *sender, to publish.Destination,
) (*publish.Outcome, *refusal) {
	body, refused := h.limits.openBody(w, r, paced, memory)
	if refused != nil {
		return nil, refused
	}
	defer body.Close()
	outcome := &publish.Outcome{Rejected: []publish.Rejection{}}
	values := split.New(body, split.Limits{Value: h.limits.RecordBytes, Batch: BatchBytes, Arrays: maxArrays, Members: to.Members, Grow: memory.grow})
	for {
		batch, err := values.Next()
		if err != nil {
			return outcome, h.bodyEnd(values, err)
		}
		paced.rest()
		if refused := h.publish(r.Context(), from, to, batch, outcome); refused != nil {
			return outcome, refused
		}
		if outcome.RejectedTotal > h.limits.Rejections {
			return outcome, refuse(http.StatusUnprocessableEntity, "body: %s", tooManyRejected(outcome.RejectedTotal, h.limits.Rejections, batch[len(batch)-1].Line))
		}
	}
}

// bodyEnd returns what is wrong with how a body ended.
func (h *HTTP) bodyEnd(values *split.Splitter, err error) *refusal {
	switch {
	case !errors.Is(err, io.EOF):
		return h.limits.refuseBody(err)
	case values.Broken():
		return refuse(http.StatusBadRequest, "body: the array is broken, so the rest of it was not read; the last rejected record says where")
	case values.Empty():
		return refuse(http.StatusBadRequest, "body: empty, want a JSON array, one JSON object, or JSON objects line by line")
	}
	return nil
}
