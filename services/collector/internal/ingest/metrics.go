package ingest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// requestSeconds range from an answer without Kafka to a large body over a slow line.
var requestSeconds = prometheus.ExponentialBuckets(0.002, 2, 16)

type httpMetrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newHTTPMetrics(registerer prometheus.Registerer) *httpMetrics {
	factory := promauto.With(registerer)
	m := &httpMetrics{
		requests: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_collector_http_requests_total", Help: "HTTP requests by path and by the status of their answer.",
		}, []string{"path", "status"}),
		seconds: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name: "atlas_collector_http_request_seconds", Help: "Time from an HTTP request's header to its answer.", Buckets: requestSeconds,
		}, []string{"path"}),
	}
	for path := range routes {
		m.requests.WithLabelValues(path, strconv.Itoa(http.StatusOK))
		m.requests.WithLabelValues(path, strconv.Itoa(http.StatusServiceUnavailable)) // so that the first one shows as an increase
		m.seconds.WithLabelValues(path)
	}
	return m
}

func (m *httpMetrics) answered(path string, status int, took time.Duration) {
	if _, known := routes[path]; !known {
		path = "other"
	}
	m.requests.WithLabelValues(path, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(path).Observe(took.Seconds())
}

type grpcMetrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newGRPCMetrics(registerer prometheus.Registerer) *grpcMetrics {
	factory := promauto.With(registerer)
	m := &grpcMetrics{
		requests: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_collector_grpc_requests_total", Help: "gRPC requests by method and by the code of their answer.",
		}, []string{"method", "code"}),
		seconds: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name: "atlas_collector_grpc_request_seconds", Help: "Time from a gRPC request's arrival to its answer.", Buckets: requestSeconds,
		}, []string{"method"}),
	}
	for _, method := range methods {
		m.requests.WithLabelValues(method, codes.OK.String())
		m.requests.WithLabelValues(method, codes.Unavailable.String())
		m.seconds.WithLabelValues(method)
	}
	return m
}

func (m *grpcMetrics) answered(method string, err error, took time.Duration) {
	m.requests.WithLabelValues(method, status.Code(err).String()).Inc()
	m.seconds.WithLabelValues(method).Observe(took.Seconds())
}
