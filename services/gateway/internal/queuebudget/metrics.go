package queuebudget

import "github.com/prometheus/client_golang/prometheus"

// Register registers metrics of what waits in the queues of all clients together.
func (s *Stats) Register(registerer prometheus.Registerer) {
	registerer.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "atlas_gateway_queued_messages", Help: "Messages that wait in the clients' queues.",
		}, func() float64 { return float64(s.Messages.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "atlas_gateway_queued_bytes", Help: "Bytes that wait in the clients' queues; a message counts once for each queue that it is in.",
		}, func() float64 { return float64(s.Bytes.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "atlas_gateway_blocked_writes_total", Help: "Times that a client's socket had no room and its messages had to wait.",
		}, func() float64 { return float64(s.Blocked.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "atlas_gateway_queue_budget_used_bytes",
			Help: "Bytes that wait for all clients: in their queues, in answers that are being written, and in the kernel for those that do not read.",
		}, func() float64 { return float64(s.Waiting()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "atlas_gateway_queue_budget_bytes", Help: "Bytes that may wait for all clients (--total-queue-bytes).",
		}, func() float64 { return float64(s.Limit) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "atlas_gateway_queue_budget_curtailed_total",
			Help: "Times that a client got no more, as too much waited for all clients or for those of its address; its records follow from the log.",
		}, func() float64 { return float64(s.Curtailed.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "atlas_gateway_queue_budget_refused_total", Help: "Clients that were refused, as too much waited for all clients.",
		}, func() float64 { return float64(s.Refused.Load()) }),
	)
}
