package main

import (
	"context"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/playback"
	"atlasstream/services/gateway/internal/readlimit"
)

// recorded is the log as playbacks read it, with one archive.
type recorded struct {
	*eventlog.History
	archive string
}

// Archives implements playback.Log.
func (r recorded) Archives(context.Context) ([]string, error) { return []string{r.archive}, nil }

// Read implements playback.Log.
func (r recorded) Read(
	ctx context.Context, topic string, measurement atlas.MeasurementID, from, to int64, _ *readlimit.Account,
) (playback.Source, error) {
	return r.Measurement(ctx, topic, measurement, from, to)
}

// unknown is a registry of nothing.
type unknown struct{}

// Measurement implements playback.Measurements.
func (unknown) Measurement(atlas.MeasurementID) (known atlas.Measurement, found bool) {
	return known, false
}
