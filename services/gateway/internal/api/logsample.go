package api

import (
	"context"
	"maps"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/readlimit"
)

const (
	// sampleRecords is how many records of each partition a sample reads.
	sampleRecords = 200
	// sampleAge is how long a sample is used.
	sampleAge = time.Minute
)

// logSample has the measurements at the end of each partition of the live results and of archives. A gateway that follows only its clients' subscriptions
// cannot know more.
type logSample struct {
	when     time.Time
	earliest time.Time                       // older records are ignored; zero: none
	rates    map[atlas.MeasurementID]float64 // live results per second
	ids      []atlas.MeasurementID           // in ascending order
	read     answerscan.Read
}

// sampleLog reads the end of each partition.
func (a *API) sampleLog(ctx context.Context, account *readlimit.Account) (*logSample, error) {
	archives, err := a.settings.Log.Archives(ctx)
	if err != nil {
		return nil, err
	}
	live := a.settings.Topics[atlas.StreamResult]
	partitions, err := a.bounds(ctx, account, append([]string{live}, archives...))
	if err != nil {
		return nil, err
	}
	var cost int64
	for i := range partitions {
		cost += partitions[i].next - partitions[i].startOfLast(sampleRecords)
	}
	now, scan := time.Now(), a.settings.Scans.New()
	found := &logSample{when: now, earliest: a.settings.History.earliest(now), rates: make(map[atlas.MeasurementID]float64)}
	err = scan.Run(ctx, account, cost, func(ctx context.Context) error {
		for i := range partitions {
			if err := found.addPartition(ctx, scan, &partitions[i], partitions[i].topic == live); err != nil {
				return err
			}
		}
		return nil
	})
	found.read = scan.Read()
	found.ids = slices.Sorted(maps.Keys(found.rates))
	return found, err
}

func (m *logSample) addPartition(ctx context.Context, scan *answerscan.Scan, partition *partitionBounds, isLive bool) error {
	counts := make(map[atlas.MeasurementID]int)
	var times []time.Time
	from := partition.startOfLast(sampleRecords)
	_, err := scan.Each(ctx, partition.topic, partition.partition, from, partition.next, func(id atlas.MeasurementID, at time.Time) bool {
		if !at.Before(m.earliest) {
			counts[id]++
			times = append(times, at)
		}
		return true
	})
	if err != nil || len(times) == 0 {
		return err
	}
	rate := 0.0
	if isLive {
		rate = rateOf(times, m.when) / float64(len(times))
	}
	delete(counts, 0) // of records without a measurement
	for id, count := range counts {
		m.rates[id] += rate * float64(count)
	}
	return nil
}
