package api

import (
	"context"
	_ "embed" // the description
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/connset"
	"atlasstream/services/gateway/internal/endpoint"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/probeactivity"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/topicrange"
	"atlasstream/services/gateway/internal/volume"
)

// Settings are the sources and limits of an API.
type Settings struct {
	Acceptor      *endpoint.Acceptor // limits and authenticates all clients
	History       HistoryPolicy
	Facts         Facts
	Kafka         func() (present bool, since time.Time)   // whether it can be used
	Newest        func(stream atlas.Stream) (at time.Time) // of the events that were read; zero before the first
	Catalog       *catalog.Catalog
	Log           Log
	Ranges        *topicrange.Finder // of the same log
	Speeds        *speedlimit.Estimator
	Scans         *answerscan.Scans       // of the same log
	Volumes       *volume.Estimator       // of the same log
	Outages       *outagewatch.Watch      // of the same log
	Activity      *probeactivity.Day      // of the same log
	Topics        map[atlas.Stream]string // the live topic of each stream that has records
	RefuseUnknown bool                    // refuse measurements that the catalog does not have
	WriteTimeout  time.Duration           // for a piece of an endless answer
	Logger        *zap.Logger
}

// API serves GET /api/….
type API struct {
	settings        Settings
	routes          *http.ServeMux
	paths           map[string][]string // each with its parameters
	metrics         *metrics
	probes          probesList
	sampled         answerCache[struct{}, *logSample]
	volumes         answerCache[volumeKey, *volume.Volume]
	outages         answerCache[intervalKey, *outageHistory]
	connectionsPool *readlimit.Pool // for counting connections, which takes megabytes of memory
	responses       *connset.Set[*responseWriter, responseWriter]
	streams         *connset.Set[*eventStream, eventStream] // the endless ones of these
	serving         context.Context                         // ends when Shutdown begins
	stop            context.CancelFunc
}

// answerTimeout bounds the time to compute an answer. The server allows more for writing it.
const answerTimeout = 20 * time.Second

// handler answers a request before the context ends, or returns an error and has written nothing.
type handler func(ctx context.Context, w http.ResponseWriter, r *request) error

// New makes an API and registers its metrics.
func New(settings Settings, registerer prometheus.Registerer) *API {
	a := &API{
		settings: settings, routes: http.NewServeMux(), paths: make(map[string][]string),
		metrics: newMetrics(registerer), responses: connset.New[*responseWriter, responseWriter](0), streams: connset.New[*eventStream, eventStream](0),
		connectionsPool: readlimit.NewPool(1, 1),
	}
	a.serving, a.stop = context.WithCancel(context.Background())
	a.sampled.ttl, a.sampled.capacity = sampleAge, 1
	a.volumes.ttl, a.volumes.capacity = volumeAge, maxVolumes
	a.outages.ttl, a.outages.capacity = historyAge, maxHistories
	a.path("/api/gateway", a.serveGateway)
	a.path("/api/measurements", a.serveMeasurements, "q", "type", "af", "status", "source", "after", "limit")
	a.path("/api/measurements/{id}", a.serveMeasurement, "from", "to")
	a.path("/api/volume", a.serveVolume, "msm", "stream", "from", "to", "buckets")
	a.path("/api/probes", a.serveProbes)
	a.path("/api/connections", a.serveConnections, "step", "country")
	a.path("/api/outages", a.serveOutages, "from", "to", "at", "watch")
	a.path("/api/openapi.yaml", serveDescription)
	a.routes.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, "other", refusePath) })
	return a
}

// path adds a path and the query parameters it accepts.
func (a *API) path(pattern string, handle handler, parameters ...string) {
	a.paths[pattern] = parameters
	read := func(ctx context.Context, w http.ResponseWriter, r *request) (err error) {
		if r.params, err = readQuery(r.URL.RawQuery, parameters); err != nil {
			return err
		}
		return handle(ctx, w, r)
	}
	a.routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, pattern, read) })
}

// ServeHTTP answers a request for a path below /api/.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.routes.ServeHTTP(w, r) }

// Refuse implements drain.Endpoint: no endless answer begins any more. Other requests are answered until Shutdown.
func (a *API) Refuse() { a.streams.Refuse() }

// Departures implements drain.Endpoint.
func (a *API) Departures() []func() bool {
	return a.streams.Departures(func(stream *eventStream) { stream.end() })
}

// Shutdown refuses new requests, ends answers that are being computed or are endless, and waits until all are written. When ctx ends, it aborts those that
// are not.
func (a *API) Shutdown(ctx context.Context) {
	a.stop()
	_ = a.responses.Shutdown(ctx, func(*responseWriter) {}, (*responseWriter).abort) // an aborted client has not read in time
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, path string, handle handler) {
	answer := &responseWriter{ResponseWriter: w, status: http.StatusOK}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	err := a.register(answer, r.Method)
	if err == nil {
		defer a.deregister(answer)
		err = a.answer(answer, r, handle)
	}
	if err != nil {
		a.refuse(answer, err)
	}
	a.metrics.count(path, answer.status)
}

// register refuses a request that must not be served. If it does not, deregister must be called.
func (a *API) register(answer *responseWriter, method string) error {
	if method != http.MethodGet && method != http.MethodHead {
		answer.Header().Set("Allow", "GET, HEAD, OPTIONS")
		return refuseMethod(method)
	}
	if a.responses.Reserve(answer) != nil {
		return refuseWhenStopping()
	}
	a.responses.Open(answer, answer) // serving tells whether Shutdown has begun
	return nil
}

func (a *API) deregister(answer *responseWriter) {
	answer.close()
	a.responses.Remove(answer)
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, handle handler) error {
	client, err := a.settings.Acceptor.Accept("api", r)
	if err != nil {
		return err
	}
	defer client.Release()
	serving, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(a.serving, cancel)()
	ctx, cancelAnswer := context.WithTimeout(serving, answerTimeout)
	defer cancelAnswer()
	return handle(ctx, w, &request{Request: r.WithContext(serving), client: client})
}

// description describes every path in the OpenAPI format.
//
//go:embed openapi.yaml
var description string

func serveDescription(_ context.Context, w http.ResponseWriter, r *request) error {
	w.Header().Set("Content-Type", "application/yaml")
	http.ServeContent(w, r.Request, "", time.Time{}, strings.NewReader(description))
	return nil
}

type metrics struct{ requests *prometheus.CounterVec }

func newMetrics(registerer prometheus.Registerer) *metrics {
	m := &metrics{requests: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "atlas_gateway_api_requests_total", Help: "Requests to the read API, by path and by the status of the answer.",
	}, []string{"path", "status"})}
	registerer.MustRegister(m.requests)
	return m
}

func (m *metrics) count(path string, status int) {
	m.requests.WithLabelValues(path, strconv.Itoa(status)).Inc()
}
