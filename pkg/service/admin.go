package service

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/pkg/clientip"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

const (
	readyInterval = time.Second     // of Watch
	readyTimeout  = 2 * time.Second // of one readiness check; Kubernetes asks again
	adminGrace    = 5 * time.Second
	adminTimeout  = 5 * time.Minute // of one answer: a profile may be asked for some minutes
	// adminConnections suffice for Kubernetes' probes, Prometheus and a few people, and fit into the reserved descriptors.
	adminConnections = 64
)

// Admin is the port for operators. It serves /metrics for Prometheus, /healthz (200 while the process runs), /readyz (200 while the service can take clients,
// else 503 and the reason) and, to clients on the same machine, /debug/pprof/ and POST /drain. It must not be reachable from the Internet.
type Admin struct {
	ready      func(context.Context) error
	registry   *prometheus.Registry
	state      *drainState
	passed     atomic.Bool // the last check of Watch has shown that the service is ready
	drainAsked chan struct{}
	askDrain   func()
	routes     *http.ServeMux
}

// NewAdmin returns an Admin for the registry's metrics, to which it adds the state of the service, whose name is part of the metric's. The service is ready if
// ready returns nil within two seconds, until Drain is called.
func NewAdmin(name string, registry *prometheus.Registry, ready func(context.Context) error) *Admin {
	a := &Admin{ready: ready, registry: registry, state: newDrainState(name, registry), drainAsked: make(chan struct{}), routes: http.NewServeMux()}
	a.askDrain = sync.OnceFunc(func() { close(a.drainAsked) })
	registry.MustRegister(a.readyMetric(name))
	a.routes.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
	a.routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	a.routes.HandleFunc("GET /readyz", a.serveReady)
	a.routes.Handle("/debug/pprof/", onLoopback("profiles are", profiles()))
	a.routes.Handle("POST /drain", onLoopback("a drain is", http.NewCrossOriginProtection().Handler(http.HandlerFunc(a.serveDrain))))
	return a
}

// readyMetric is what /readyz says, as Watch has checked it last.
func (a *Admin) readyMetric(service string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_" + service + "_ready", Help: "1 while the service is ready, as /readyz says it: 0 while it starts, drains or cannot use Kafka.",
	}, func() float64 {
		if a.passed.Load() && !a.state.isLeaving() {
			return 1
		}
		return 0
	})
}

// NewRegistry returns a registry that already has the metrics of the Go runtime, of the process and of the program's build.
func NewRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), newBuildInfo(readBuild()))
	return registry
}

// Drain begins the state in which the service has its clients leave: /readyz answers 503 from now on, so that load balancers send no more.
func (a *Admin) Drain() { a.state.enter(draining) }

// Stop begins the last state, in which the parts of the service are stopped. /readyz stays as Drain has it.
func (a *Admin) Stop() { a.state.enter(stopping) }

// Drains reports whether Drain or Stop was called.
func (a *Admin) Drains() bool { return a.state.isLeaving() }

// DrainAsked is closed once POST /drain has asked for what SIGTERM does.
func (a *Admin) DrainAsked() <-chan struct{} { return a.drainAsked }

// CloseConnections has connections end with their next answer once the service drains, so that their clients open one to another replica. HTTP/2 has GOAWAY for
// it, which net/http sends for the same header.
func (a *Admin) CloseConnections(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.state.isLeaving() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// Serve serves until ctx ends. That must be after the drain, so that load balancers see /readyz change.
func (a *Admin) Serve(ctx context.Context, listener net.Listener) error {
	incoming, err := NewConnections(ConnectionLimits{Total: adminConnections, Address: adminConnections}, zap.NewNop(), a.registry)
	if err != nil {
		return err
	}
	return ServeHTTP(ctx, &http.Server{Handler: a.routes, WriteTimeout: adminTimeout}, incoming.Limit("admin", listener), adminGrace)
}

// Watch logs when the service becomes ready, and when it stops being ready and why, until ctx ends or the service drains; the metric follows it. After the
// first time that it logs "ready", it calls onReady, which may be nil.
func (a *Admin) Watch(ctx context.Context, logger *zap.Logger, onReady func()) {
	ticker := time.NewTicker(readyInterval)
	defer ticker.Stop()
	for wasReady := false; ; {
		err := a.check(ctx)
		if ctx.Err() != nil || a.state.isLeaving() {
			return
		}
		a.passed.Store(err == nil)
		switch isReady := err == nil; {
		case isReady && !wasReady:
			logger.Info("ready")
			if onReady != nil {
				onReady()
				onReady = nil
			}
		case !isReady && wasReady:
			logger.Warn("no longer ready", zap.Error(err))
		}
		wasReady = err == nil
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (a *Admin) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return a.ready(ctx)
}

func (a *Admin) serveReady(w http.ResponseWriter, r *http.Request) {
	if a.state.isLeaving() {
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	}
	if err := a.check(r.Context()); err != nil {
		http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

func (a *Admin) serveDrain(w http.ResponseWriter, _ *http.Request) {
	a.askDrain()
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprintln(w, "draining")
}

// profiles serves net/http/pprof, except for the command line, which may have secrets.
func profiles() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("/debug/pprof/", pprof.Index)
	routes.HandleFunc("/debug/pprof/profile", pprof.Profile)
	routes.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	routes.HandleFunc("/debug/pprof/trace", pprof.Trace)
	routes.HandleFunc("/debug/pprof/cmdline", http.NotFound)
	return routes
}

// onLoopback serves clients on the same machine, or in the same pod as with kubectl port-forward: profiles take time and reveal internals, a drain ends the
// program, and the port may be open to a network for health checks and metrics.
func onLoopback(what string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !clientip.Of(r.RemoteAddr).IsLoopback() {
			http.Error(w, what+" only for clients on the loopback interface; use kubectl port-forward or a shell on the machine", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
