package api

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

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
