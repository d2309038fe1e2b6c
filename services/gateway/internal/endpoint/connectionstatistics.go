package endpoint

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// transport is by which door a client has come, as in clientInfo, and what carries its events.
type transport struct{ door, name string }

var (
	transportWebSocket         = transport{doorWebSocket, "websocket"}
	transportSocketIOPolling   = transport{doorSocketIO, "polling"}
	transportSocketIOWebSocket = transport{doorSocketIO, "websocket"}
	transportNDJSON            = transport{doorGet, "ndjson"}
	transportServerSentEvents  = transport{doorGet, "sse"}
	transports                 = []transport{transportWebSocket, transportSocketIOPolling, transportSocketIOWebSocket, transportNDJSON, transportServerSentEvents}
)

// connectionStatistics count clients that come, are there, and go. It is a prometheus.Collector of those that are there, for whom the endpoints are asked: a
// client that upgrades has another transport from then on.
type connectionStatistics struct {
	endpoints   []func(count func(transport)) // each calls count for each of its clients; they are added before the first is asked
	connects    *prometheus.CounterVec
	disconnects *prometheus.CounterVec
	sessions    *prometheus.Desc
}

func newConnectionStatistics(registerer prometheus.Registerer) *connectionStatistics {
	s := &connectionStatistics{
		connects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_gateway_connects_total", Help: "Clients that have connected, by door and by the transport that they began with.",
		}, []string{"door", "transport"}),
		disconnects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_gateway_disconnects_total", Help: "Clients that have disconnected, by door and reason, of which the README has a table.",
		}, []string{"door", "reason"}),
		sessions: prometheus.NewDesc("atlas_gateway_sessions",
			"Sessions by door and by their transport now, those included whose client has not connected to the namespace of Socket.IO yet, or is being refused.",
			[]string{"door", "transport"}, nil),
	}
	for _, one := range transports {
		s.connects.WithLabelValues(one.door, one.name)
		for _, reason := range departures {
			s.disconnects.WithLabelValues(one.door, string(reason))
		}
	}
	registerer.MustRegister(s, s.connects, s.disconnects)
	return s
}

func (s *connectionStatistics) connected(by transport) {
	s.connects.WithLabelValues(by.door, by.name).Inc()
}

func (s *connectionStatistics) disconnected(door string, reason departure) {
	if !slices.Contains(departures, reason) {
		reason = departureOther
	}
	s.disconnects.WithLabelValues(door, string(reason)).Inc()
}

// Describe implements prometheus.Collector.
func (s *connectionStatistics) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- s.sessions
}

// Collect implements prometheus.Collector.
func (s *connectionStatistics) Collect(metrics chan<- prometheus.Metric) {
	counts := make(map[transport]int)
	for _, each := range s.endpoints {
		each(func(of transport) { counts[of]++ })
	}
	for _, one := range transports {
		metrics <- prometheus.MustNewConstMetric(s.sessions, prometheus.GaugeValue, float64(counts[one]), one.door, one.name)
	}
}
