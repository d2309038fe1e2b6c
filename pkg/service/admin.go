package service

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
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
// else 503 and the reason) and, to clients on the same machine, /debug/pprof/. It must not be reachable from the Internet.
type Admin struct {
	ready    func(context.Context) error
	registry *prometheus.Registry
	draining atomic.Bool
	routes   *http.ServeMux
}

// NewAdmin returns an Admin for the registry's metrics. The service is ready if ready returns nil within two seconds, until Drain is called.
func NewAdmin(registry *prometheus.Registry, ready func(context.Context) error) *Admin {
	a := &Admin{ready: ready, registry: registry, routes: http.NewServeMux()}
	a.routes.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
	a.routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	a.routes.HandleFunc("GET /readyz", a.serveReady)
	a.routes.Handle("/debug/pprof/", onLoopback(profiles()))
	return a
}

// NewRegistry returns a registry that already has the metrics of the Go runtime, of the process and of the program's build.
func NewRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), newBuildInfo(readBuild()))
	return registry
}

// Drain makes /readyz answer 503 from now on, so that load balancers send no more clients.
func (a *Admin) Drain() { a.draining.Store(true) }

// Serve serves until ctx ends. That must be after the drain, so that load balancers see /readyz change.
func (a *Admin) Serve(ctx context.Context, listener net.Listener) error {
	incoming, err := NewConnections(ConnectionLimits{Total: adminConnections, Address: adminConnections}, zap.NewNop(), a.registry)
	if err != nil {
		return err
	}
	return ServeHTTP(ctx, &http.Server{Handler: a.routes, WriteTimeout: adminTimeout}, incoming.Limit("admin", listener), adminGrace)
}

// Watch logs when the service becomes ready, and when it stops being ready and why, until ctx ends or the service drains. After the first time that it logs
// "ready", it calls onReady, which may be nil.
func (a *Admin) Watch(ctx context.Context, logger *zap.Logger, onReady func()) {
	ticker := time.NewTicker(readyInterval)
	defer ticker.Stop()
	for wasReady := false; ; {
		err := a.check(ctx)
		if ctx.Err() != nil || a.draining.Load() {
			return
		}
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
	if a.draining.Load() {
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	}
	if err := a.check(r.Context()); err != nil {
		http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
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

// onLoopback serves clients on the same machine, or in the same pod as with kubectl port-forward: profiles take time and reveal internals, and the port may be
// open to a network for health checks and metrics.
func onLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !clientip.Of(r.RemoteAddr).IsLoopback() {
			http.Error(w, "profiles are only for clients on the loopback interface; use kubectl port-forward or a shell on the machine", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
