package session_test

import (
	"fmt"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// Measuring a batch costs the same however many clients get it, next to nothing beside its delivery.
func BenchmarkMeasuredDelivery(b *testing.B) {
	for _, clients := range []int{1, 1000} {
		for _, measured := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d-clients/measured=%v", clients, measured), func(b *testing.B) {
				hub := sessiontest.NewHub()
				for range clients {
					sessiontest.MustSubscribe(b, hub.MustJoin(b, &sessiontest.DiscardingClient{}), `{"msm":1001}`)
				}
				records := []atlas.Record{sessiontest.Result(1001, 7)}
				b.ReportAllocs()
				for b.Loop() {
					responded := time.Now()
					sessiontest.Deliver(hub.Results, records...)
					if measured {
						hub.Results.Flushed(0, responded)
					}
				}
			})
		}
	}
}
