package main

import (
	"context"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/replay"
)

// recorded is the log as replays read it, with one archive.
type recorded struct {
	*eventlog.History
	archive string
}

// Archives implements topicrange.Log.
func (r recorded) Archives(context.Context) ([]string, error) { return []string{r.archive}, nil }

// Open implements replay.Log.
func (r recorded) Open(
	ctx context.Context, topic string, measurement atlas.MeasurementID, from, to int64, _ *readlimit.Account,
) (replay.LogReader, error) {
	return r.Measurement(ctx, topic, measurement, from, to)
}

// unknown is a registry of nothing.
type unknown struct{}

// Measurement implements speedlimit.Measurements.
func (unknown) Measurement(atlas.MeasurementID) (known atlas.Measurement, found bool) {
	return known, false
}
