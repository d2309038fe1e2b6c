package logstart

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/topicrange"
)

const archive = "atlas.archive.many"

// crowdedLog is an archive with one record of each of many measurements, of which measurement 1 comes last.
type crowdedLog struct{ measurements int64 }

func (crowdedLog) Archives(context.Context) ([]string, error)                          { return []string{archive}, nil }
func (crowdedLog) Partition(context.Context, string, atlas.MeasurementID) (int, error) { return 0, nil }

func (l crowdedLog) Bounds(_ context.Context, topic string, _ int) (first, next int64, err error) {
	if topic == archive {
		next = l.measurements
	}
	return 0, next, nil
}

func (crowdedLog) OffsetAt(context.Context, string, int, time.Time) (int64, error) { return 0, nil }

func (l crowdedLog) ScanWithin(
	_ context.Context, _ string, _ int, from, to, _ int64, see func(atlas.MeasurementID, time.Time) bool, _ func(records, bytes int64),
) (next, bytes int64, err error) {
	for offset := from; offset < to; offset++ {
		see(atlas.MeasurementID(l.measurements-offset), time.Unix(1_000_000+offset, 0))
	}
	return to, 0, nil
}

// How many measurements' earliest times are remembered is bounded, however many there are, and nothing is said of those that are not.
func TestAbuseEarliestTimesOfSoManyMeasurements(t *testing.T) {
	finder := New(topicrange.NewFinder(topicrange.Settings{
		Log: crowdedLog{2 * maxRemembered}, Topics: map[atlas.Stream]string{atlas.StreamResult: "atlas.results"},
	}, prometheus.NewRegistry()))
	query := topicrange.Query{Stream: atlas.StreamResult, Measurement: 1}
	start := time.Unix(999_999, 0)
	ranges, err := finder.ranges.Cover(t.Context(), query, topicrange.Interval{Start: start, End: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := finder.CheckStart(t.Context(), query, ranges, start); err == nil ||
		!strings.Contains(err.Error(), "when the log begins with other measurements; measurement 1 begins later in it") {
		t.Errorf("got %v", err)
	}
	for key, times := range finder.earliest.partitions {
		if len(times.own) > maxRemembered {
			t.Errorf("%s: %d measurements are remembered", key, len(times.own))
		}
	}
}
