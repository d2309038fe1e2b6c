package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/door"
	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/playback"
	"atlasstream/services/gateway/internal/registry"
	"atlasstream/services/gateway/internal/volume"
)

// Settings are what the API answers from.
type Settings struct {
	Reception     *door.Reception // which every client passes
	Past          Past
	Facts         Facts
	Kafka         func() (present bool, since time.Time)   // whether it can be used
	Newest        func(stream atlas.Stream) (at time.Time) // of the events that were read; zero before the first
	Registry      *registry.Registry
	Log           Log
	Player        *playback.Player        // of the same log
	Scans         *logscan.Scans          // of the same log
	Volumes       *volume.Estimator       // of the same log
	Topics        map[atlas.Stream]string // the live topic of each stream that has records
	RefuseUnknown bool                    // measurements that the registry does not know
	Logger        *zap.Logger
}

// API serves GET /api/….
type API struct {
	settings Settings
	routes   *http.ServeMux
	paths    map[string][]string // each with its parameters
	metrics  *metrics
	probes   probesList
	met      recent[struct{}, *met]
	volumes  recent[volumeKey, *volume.Volume]
	stopping chan struct{} // is closed when no answer is to begin, and none is to go on for ever
	stop     func()
}

// answerTimeout is how long an answer may take to be made. The server gives it some time more to be written.
const answerTimeout = 20 * time.Second

// handler answers a request within the context, or returns why it does not, and has written nothing then.
type handler func(ctx context.Context, w http.ResponseWriter, r *request) error

// New makes the API and registers what it counts.
func New(settings Settings, registerer prometheus.Registerer) *API {
	a := &API{
		settings: settings, routes: http.NewServeMux(), paths: make(map[string][]string),
		metrics: newMetrics(registerer), stopping: make(chan struct{}),
	}
	a.met.age, a.met.most = metAge, 1
	a.volumes.age, a.volumes.most = volumeAge, maxVolumes
	a.stop = sync.OnceFunc(func() { close(a.stopping) })
	a.path("/api/gateway", a.serveGateway)
	a.path("/api/measurements", a.serveMeasurements, "q", "type", "af", "status", "source", "after", "limit")
	a.path("/api/measurements/{id}", a.serveMeasurement, "from", "to")
	a.path("/api/volume", a.serveVolume, "msm", "stream", "from", "to", "buckets")
	a.path("/api/probes", a.serveProbes)
	a.path("/api/openapi.yaml", serveDescription)
	a.routes.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, "other", nil, refusePath) })
	return a
}

// path adds a path and the parameters that its query may have.
func (a *API) path(pattern string, handle handler, parameters ...string) {
	a.paths[pattern] = parameters
	a.routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, pattern, parameters, handle) })
}

// ServeHTTP answers a request for a path below /api/.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.routes.ServeHTTP(w, r) }

// Stop has no answer begin any more, and ends those that would go on for ever.
func (a *API) Stop() { a.stop() }

func (a *API) serve(w http.ResponseWriter, r *http.Request, path string, parameters []string, handle handler) {
	answer := &answering{ResponseWriter: w, status: http.StatusOK}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err := a.answer(answer, r, parameters, handle); err != nil {
		a.refuse(answer, err)
	}
	a.metrics.count(path, answer.status)
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, parameters []string, handle handler) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		return refuseMethod(r.Method)
	}
	select {
	case <-a.stopping:
		return refuseToServe()
	default:
	}
	visit, err := a.settings.Reception.Visit("api", r)
	if err != nil {
		return err
	}
	defer visit.Leave()
	asked, err := readQuery(r.URL.RawQuery, parameters)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
	defer cancel()
	return handle(ctx, w, &request{Request: r, asked: asked, visit: visit})
}

// answering notes the status of an answer.
type answering struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (a *answering) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }
