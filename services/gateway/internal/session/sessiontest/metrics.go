package sessiontest

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/subscription"
)

// Metric is the sum of a counter or gauge of the hub over its labels.
func (h *Hub) Metric(t testing.TB, name string) float64 {
	t.Helper()
	return MetricSum(t, h.Metrics, name)
}

// MetricSum is the sum of a counter or gauge over its labels.
func MetricSum(t testing.TB, metrics prometheus.Gatherer, name string) (sum float64) {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name {
				sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// MatchingWork is what subscriptions have had done with records.
func (h *Hub) MatchingWork(t testing.TB) (done subscription.Stats) {
	t.Helper()
	families, err := h.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]*int{"bytes": &done.Bytes, "conditions": &done.Conditions, "sets": &done.Sets, "payloads": &done.Payloads, "parts": &done.Parts}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "atlas_gateway_matching_work_total" {
				*kinds[metric.GetLabel()[0].GetValue()] = int(metric.GetCounter().GetValue())
			}
		}
	}
	return done
}
