package gateway

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// A replay of a measurement that has next to no results costs what is read of others' to find that out.
func TestAbuseReplaysAreCharged(t *testing.T) {
	topic := openTopic(t, 1)
	const others = 20_000
	events := make([]atlas.Event, others)
	for i := range events {
		event, err := atlas.ParseResult(fmt.Appendf(nil, `{"msm_id":2,"prb_id":1,"timestamp":%d,"type":"dns"}`, 1426633200+i))
		if err != nil {
			t.Fatal(err)
		}
		events[i] = event
	}
	topic.appendAll(events)
	planner := plannerOf(historyLog{topic.history})
	messages := rate.NewLimiter(rate.Every(time.Hour), 1000)
	pacer, err := planner.Plan(t.Context(), wantPast(t, time.Unix(1426633200, 0)), nil, readlimit.NewAccount(messages, nil, readlimit.NewMetrics(prometheus.NewRegistry())))
	if err != nil {
		t.Fatal(err)
	}
	defer pacer.Close()
	sink := &received{}
	if err := pacer.Run(t.Context(), sink); err != nil || len(sink.offsets) != 1 {
		t.Fatalf("got %d records, %v, want 1", len(sink.offsets), err)
	}
	const each = others / readlimit.RecordsPerMessage // to find where the log begins, and for the replay
	if paid := 1000 - messages.Tokens(); paid < 7*each/4 || paid > 9*each/4 {
		t.Errorf("%g messages are paid, want some %d", paid, 2*each)
	}
}
