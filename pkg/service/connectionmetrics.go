package service

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type connectionMetrics struct {
	open    *prometheus.GaugeVec
	refused *prometheus.CounterVec
}

func newConnectionMetrics(registerer prometheus.Registerer) (*connectionMetrics, error) {
	open, err := register(registerer, prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "atlas_service_connections", Help: "Open TCP connections, by listener.",
	}, []string{"door"}))
	refused, refusedErr := register(registerer, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "atlas_service_connections_refused_total",
		Help: "TCP connections that were closed as soon as they were accepted, by listener and by the limit that they exceeded: address or total.",
	}, []string{"door", "limit"}))
	return &connectionMetrics{open: open, refused: refused}, errors.Join(err, refusedErr)
}

// register returns the collector that is registered already if two services of one process share a registry.
func register[C prometheus.Collector](registerer prometheus.Registerer, collector C) (C, error) {
	if registerer == nil {
		return collector, nil
	}
	err := registerer.Register(collector)
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing, nil
		}
	}
	if err != nil {
		return collector, fmt.Errorf("metrics of connections: %w", err)
	}
	return collector, nil
}
