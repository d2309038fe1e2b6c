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

var paths = map[string]publish.Destination{
	"/v1/results":     publish.Results,
	"/v1/probestatus": publish.ProbeStatus,
}

// HTTP is the door for POSTs of results and probe-status events.
type HTTP struct {
	publisher Publisher
	limits    Limits
	slots     Slots
	logger    *zap.Logger
	metrics   *httpMetrics
}

// Publisher is what the doors need of *publish.Publisher.
type Publisher interface {
	Publish(ctx context.Context, to publish.Destination, values []split.Value) (publish.Outcome, error)
}

// NewHTTP makes the door. The slots are shared with the other door; the registerer may be nil.
func NewHTTP(publisher Publisher, limits Limits, slots Slots, logger *zap.Logger, registerer prometheus.Registerer) *HTTP {
	return &HTTP{publisher: publisher, limits: limits, slots: slots, logger: logger, metrics: newHTTPMetrics(registerer)}
}

// answer is the body of every answer. A refusal before anything was read has an error alone.
type answer struct {
	Error string `json:"error,omitempty"`
	*publish.Outcome
}

func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	outcome, refused := h.serve(w, r)
	status := http.StatusOK
	if refused != nil {
		status = refused.status
	}
	h.reply(w, status, outcome, refused)
	h.metrics.answered(r.URL.Path, status, time.Since(began))
}

func (h *HTTP) serve(w http.ResponseWriter, r *http.Request) (*publish.Outcome, *refusal) {
	to, known := paths[r.URL.Path]
	if !known {
		return nil, refuse(http.StatusNotFound, "no such path %q: want POST /v1/results or POST /v1/probestatus", r.URL.Path)
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, refuse(http.StatusMethodNotAllowed, "method %s: want POST", r.Method)
	}
	giveBack, ok := h.slots.take()
	if !ok {
		return nil, tooManyRequests(cap(h.slots))
	}
	defer giveBack()
	return h.take(w, r, to)
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
