package ingest

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/split"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// answerTimeout bounds how long a client may take to read its answer, and to send what is left of a body that is refused.
const answerTimeout = 10 * time.Second

// door is what a path takes.
type door struct {
	method string
	to     publish.Destination
}

var doors = map[string]door{
	"/v1/results":      {http.MethodPost, publish.Results},
	"/v1/probestatus":  {http.MethodPost, publish.ProbeStatus},
	"/v1/probes":       {http.MethodPut, publish.Probes},
	"/v1/measurements": {http.MethodPut, publish.Measurements},
}

// HTTP is the door for POSTs of results and probe-status events, and for PUTs of what the registries hold.
type HTTP struct {
	publisher Publisher
	limits    Limits
	load      *Load
	logger    *zap.Logger
	metrics   *httpMetrics
}

// Publisher is what the doors need of *publish.Publisher.
type Publisher interface {
	Publish(ctx context.Context, to publish.Destination, values []split.Value) (publish.Outcome, error)
}

// NewHTTP makes the door. The load is shared with the other door; the registerer may be nil.
func NewHTTP(publisher Publisher, limits Limits, load *Load, logger *zap.Logger, registerer prometheus.Registerer) *HTTP {
	return &HTTP{publisher: publisher, limits: limits, load: load, logger: logger, metrics: newHTTPMetrics(registerer)}
}

// answer is the body of every answer. A refusal before anything was read has an error alone.
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
	h.reply(w, status, outcome, refused)
	h.metrics.answered(r.URL.Path, status, time.Since(began))
}

func (h *HTTP) serve(w http.ResponseWriter, r *http.Request, body *pacedBody) (*publish.Outcome, *refusal) {
	if refused := refuseForeign(r); refused != nil {
		return nil, refused
	}
	door, known := doors[r.URL.Path]
	if !known {
		return nil, refuse(http.StatusNotFound, "no such path %q: want POST /v1/results, POST /v1/probestatus, PUT /v1/probes or PUT /v1/measurements", r.URL.Path)
	}
	if r.Method != door.method {
		w.Header().Set("Allow", door.method)
		return nil, refuse(http.StatusMethodNotAllowed, "method %s: want %s", r.Method, door.method)
	}
	memory, err := h.load.claim(h.load.origin(r.RemoteAddr, r.Header.Values), requestBytes)
	if err != nil {
		return nil, refuseBusy(err)
	}
	defer memory.release()
	return h.take(w, r, body, memory, door.to)
}

func (h *HTTP) reply(w http.ResponseWriter, status int, outcome *publish.Outcome, refused *refusal) {
	content := answer{Outcome: outcome}
	if refused != nil {
		content.Error = refused.reason.Error()
	}
	if refused != nil && refused.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refused.retry.Seconds()))))
	}
	w.Header().Set("Content-Type", "application/json")
	setDeadlines(w, status)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content) // fails if the client is gone, and then there is nobody to tell
}

// setDeadlines bounds the reading of the answer, and of what is left of a refused body: the server reads a little of that, for the connection's sake, but not
// from a client that was too slow before. A connection that has no deadlines is a test's.
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
