package service

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

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
	// adminConnections are more than probes, Prometheus and a few people need, and few enough for the descriptors that are kept for the process itself.
	adminConnections = 64
)

// Admin is the port for operators. It serves /metrics for Prometheus, /healthz (200 while the process lives), /readyz (200 while clients should be
// sent here, else 503 and why not) and, to the machine itself, /debug/pprof/. It must not be reachable from outside.
type Admin struct {
	ready    func(context.Context) error
	registry *prometheus.Registry
	draining atomic.Bool
	routes   *http.ServeMux
}

// NewAdmin makes an Admin over the registry's metrics. The service is ready when ready returns nil within two seconds, and until Drain.
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

// Drain makes /readyz answer 503 from now on, so that balancers send nobody here any more.
func (a *Admin) Drain() { a.draining.Store(true) }

// Serve serves until ctx ends. Give it a context that outlives the drain, or nobody sees that the service is draining.
func (a *Admin) Serve(ctx context.Context, listener net.Listener) error {
	incoming, err := NewConnections(ConnectionLimits{Total: adminConnections, Address: adminConnections}, zap.NewNop(), a.registry)
	if err != nil {
		return err
	}
	return ServeHTTP(ctx, &http.Server{Handler: a.routes, WriteTimeout: adminTimeout}, incoming.Door("admin", listener), adminGrace)
}

// Watch logs when the service becomes ready, and when it is so no longer and why, until ctx ends or the service drains. Once it has logged that for the first
// time, it calls onReady, which may be nil.
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
			logger.Warn("not ready any more", zap.Error(err))
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
