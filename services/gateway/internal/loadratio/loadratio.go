// Package loadratio tells how full a gateway is, so that an autoscaler adds another one in time.
package loadratio

import "github.com/prometheus/client_golang/prometheus"

// Part gives how much of something is in use, and how much of it there may be. A limit of 0 is none.
type Part func() (used, limit float64)

// Register registers the metric: the part of which most is in use, where 1 is full.
func Register(registerer prometheus.Registerer, parts ...Part) {
	registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_load_ratio",
		Help: "The greatest of: clients by --max-clients, waiting bytes by --total-queue-bytes, processors in use by GOMAXPROCS. 1 is full; for autoscalers.",
	}, func() float64 { return greatest(parts) }))
}

func greatest(parts []Part) (ratio float64) {
	for _, part := range parts {
		if used, limit := part(); limit > 0 {
			ratio = max(ratio, used/limit)
		}
	}
	return ratio
}
