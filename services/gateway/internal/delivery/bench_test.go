package delivery_test

import (
	"fmt"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

func benchmarkDeliver(b *testing.B, hub *sessiontest.Hub, records ...atlas.Record) {
	before := hub.Metric(b, "atlas_gateway_messages_delivered_total")
	b.ReportAllocs()
	for b.Loop() {
		hub.DeliverResults(records...)
	}
	messages := hub.Metric(b, "atlas_gateway_messages_delivered_total") - before
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/messages, "ns/message")
}

func BenchmarkDeliver(b *testing.B) {
	for _, clients := range []int{1, 1000} {
		b.Run(fmt.Sprintf("%d-clients", clients), func(b *testing.B) {
			hub := sessiontest.NewHub()
			for range clients {
				sessiontest.MustSubscribe(b, hub.MustJoin(b, &sessiontest.DiscardingClient{}), `{"msm":1001}`)
			}
			benchmarkDeliver(b, hub, sessiontest.Result(1001, 7))
		})
	}
}

// A thousand clients have as many different filters, of which each matches one record of a hundred.
func BenchmarkDeliverFiltered(b *testing.B) {
	hub := sessiontest.NewHub()
	for i := range 1000 {
		sessiontest.MustSubscribe(b, hub.MustJoin(b, &sessiontest.DiscardingClient{}), fmt.Sprintf(`{"msm":1001,"equalsTo":{"lts":%d},"lessThan":{"avg":%d}}`, i%100, 17+i/100))
	}
	records := make([]atlas.Record, 100)
	for i := range records {
		records[i] = sessiontest.Ping(i)
	}
	benchmarkDeliver(b, hub, records...)
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(records)), "µs/record")
}

// Several subscriptions with long lists of members cost no more for a record than one.
func BenchmarkDeliverUnion(b *testing.B) {
	hub := sessiontest.NewHub()
	subscriber := hub.MustJoin(b, &sessiontest.DiscardingClient{})
	for i := range 3 {
		sessiontest.MustSubscribe(b, subscriber, fmt.Sprintf(`{"msm":1001,"acceptedFields":["a%d","b%d","prb_id"]}`, i, i))
	}
	benchmarkDeliver(b, hub, sessiontest.Result(1001, 7))
}

func BenchmarkDeliverBuffered(b *testing.B) {
	for _, parameters := range []string{`{"msm":1001,"buffering":true}`, `{"msm":1001,"buffering":true,"acceptedFields":["prb_id","timestamp"]}`} {
		b.Run(parameters, func(b *testing.B) {
			hub := sessiontest.NewHub()
			for range 1000 {
				subscriber := hub.MustJoin(b, &sessiontest.DiscardingClient{})
				sessiontest.MustSubscribe(b, subscriber, parameters)
				defer subscriber.Leave()
			}
			benchmarkDeliver(b, hub, sessiontest.Ping(21))
		})
	}
}
