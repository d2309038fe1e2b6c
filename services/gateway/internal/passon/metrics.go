package passon

import "github.com/prometheus/client_golang/prometheus"

// The results of passing on a request.
const (
	resultAnswered    = "answered"    // by the peer, whatever it says
	resultUnknown     = "unknown"     // no peer has made the session ID
	resultUnreachable = "unreachable" // the peer is not there, or silent
	resultDistrusted  = "distrusted"  // the peer does not accept the signature
	resultFull        = "full"        // there are as many as there may be
	resultGone        = "gone"        // the client is gone, or this gateway shuts down
)

type metrics struct {
	requests *prometheus.CounterVec
	tunnels  prometheus.Gauge
	dials    prometheus.Counter
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_gateway_passed_on_requests_total",
			Help: "Requests of sessions that other gateways hold, by result: answered by the peer; unknown, as no peer holds the session; unreachable; " +
				"distrusted, as the peer has another --peer-key or clock; full, beyond a limit; gone, as the client left or this gateway stops.",
		}, []string{"result"}),
		tunnels: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "atlas_gateway_tunnels", Help: "WebSockets of clients whose session another gateway holds.",
		}),
		dials: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_peer_dials_total", Help: "Connections that were begun to other gateways, to pass on requests.",
		}),
	}
	for _, result := range []string{resultAnswered, resultUnknown, resultUnreachable, resultDistrusted, resultFull, resultGone} {
		m.requests.WithLabelValues(result)
	}
	registerer.MustRegister(m.requests, m.tunnels, m.dials)
	return m
}

func (m *metrics) count(result string) { m.requests.WithLabelValues(result).Inc() }
