package ingest

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Slots bounds how many requests run at once, over all doors.
type Slots chan struct{}

// NewSlots makes room for so many requests. The registerer may be nil.
func NewSlots(requests int, registerer prometheus.Registerer) Slots {
	slots := make(Slots, requests)
	promauto.With(registerer).NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_collector_running_requests", Help: "Requests that run now, over HTTP and gRPC.",
	}, func() float64 { return float64(len(slots)) })
	return slots
}

// take gives one slot, and how to give it back, unless all are taken.
func (s Slots) take() (giveBack func(), ok bool) {
	select {
	case s <- struct{}{}:
		return func() { <-s }, true
	default:
		return nil, false
	}
}
