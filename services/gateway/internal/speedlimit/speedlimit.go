// Package speedlimit estimates how fast an interval of a measurement may be replayed, by how many results the measurement has a second, and how many records
// have to be read for them.
package speedlimit

import (
	"context"
	"math"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/topicrange"
)

// Estimator estimates the speed limits of replays of one log.
type Estimator struct {
	settings Settings
	hours    hours
}

// Settings are what an Estimator goes by.
type Settings struct {
	Ranges       *topicrange.Finder
	Measurements Measurements
	Limits       Limits
}

// Measurements is what is known of measurements.
type Measurements interface {
	Measurement(id atlas.MeasurementID) (atlas.Measurement, bool)
}

// Limits bound the speed of a replay: no higher one is allowed than that at which one of them is reached on average. Real time always is.
type Limits struct {
	Results float64 // of the measurement, a second
	Scanned float64 // records of its partitions, of any measurement, a second
}

// New makes an Estimator.
func New(settings Settings) *Estimator { return &Estimator{settings: settings} }

// OfInterval is Of the ranges that cover an interval.
func (e *Estimator) OfInterval(ctx context.Context, query topicrange.Query, interval topicrange.Interval) (limit float64, byResults bool, err error) {
	ranges, err := e.settings.Ranges.Cover(ctx, query, interval)
	if err != nil {
		return 0, false, err
	}
	ranges = slices.DeleteFunc(ranges, func(each topicrange.Range) bool { return each.IsEmpty() })
	return e.Of(ctx, query, interval, ranges)
}

// Of gives the greatest speed of a replay of the ranges that cover an interval, infinite without records, and tells whether the
// measurement's results bound it and not what has to be read for them.
func (e *Estimator) Of(
	ctx context.Context, query topicrange.Query, interval topicrange.Interval, ranges []topicrange.Range,
) (limit float64, byResults bool, err error) {
	scanned, err := e.scannedRate(ctx, interval, ranges)
	if err != nil {
		return 0, false, err
	}
	results, err := e.resultRate(ctx, query, interval, ranges)
	if err != nil {
		return 0, false, err
	}
	//mutate:speed-unlimited
	byScanned, limit := e.settings.Limits.Scanned/scanned, e.settings.Limits.Results/results
	byResults = limit < byScanned
	limit = math.Floor(100*min(byScanned, limit)) / 100
	return max(limit, 1), byResults, nil
}

// scannedRate tells how many records have to be read for a second of event time.
func (e *Estimator) scannedRate(ctx context.Context, interval topicrange.Interval, ranges []topicrange.Range) (float64, error) {
	var records int64
	for _, covering := range ranges {
		end, err := e.settings.Ranges.EndAt(ctx, covering, interval.End)
		if err != nil {
			return 0, err
		}
		records += end - covering.From
	}
	return float64(records) / interval.Seconds(), nil
}

// resultRate tells how many results the measurement has in a second of event time: by what the catalog says, else by the interval's first hour.
func (e *Estimator) resultRate(ctx context.Context, query topicrange.Query, interval topicrange.Interval, ranges []topicrange.Range) (float64, error) {
	known, found := e.settings.Measurements.Measurement(query.Measurement)
	if found && known.Participants > 0 && known.Interval > 0 {
		return float64(known.Participants) / known.Interval.Seconds(), nil
	}
	hour := interval
	if end := hour.Start.Add(time.Hour); end.Before(hour.End) {
		hour.End = end
	}
	sum := 0.0
	for _, covering := range ranges {
		count, err := e.count(ctx, query, hour, covering.Partition)
		if err != nil {
			return 0, err
		}
		sum += count
	}
	return sum / hour.Seconds(), nil
}

// count tells how many results a partition has in an interval of an hour at most.
func (e *Estimator) count(
	ctx context.Context, query topicrange.Query, interval topicrange.Interval, partition topicrange.Partition,
) (sum float64, err error) {
	for hour := interval.Start.Truncate(time.Hour); !hour.After(interval.End); hour = hour.Add(time.Hour) {
		counted, err := e.hours.of(ctx, e.settings.Ranges, query, hour, partition)
		if err != nil {
			return 0, err
		}
		sum += counted.within(interval)
	}
	return sum, nil
}
