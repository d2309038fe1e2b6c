package gateway

import (
	"context"
	"errors"
	"iter"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/gateway/internal/outagewatch"
)

func (g *gateway) newOutages() *outagewatch.Watch {
	return outagewatch.New(outagewatch.Settings{
		Log:     connectionEvents{g},
		Probes:  func() map[atlas.ProbeID]outage.Probe { return networkOf(g.knowledge.Catalog) },
		Changes: g.knowledge.ProbeChanges,
		Horizon: eventlog.DefaultRepeatHorizon,
		Scans:   g.scans,
		Logger:  g.cfg.Logger,
	})
}

// watchOutages looks for outages once the probes are known, until ctx ends.
func (g *gateway) watchOutages(ctx context.Context) {
	select {
	case <-g.knowledge.probes:
		_ = g.outages.Run(ctx) // it ends with ctx only
	case <-ctx.Done():
	}
}

// networkOf is what the registry says of probes, as far as it matters for outages.
func networkOf(known *catalog.Catalog) map[atlas.ProbeID]outage.Probe {
	const connected = 1 // as RIPE numbers the status
	probes := make(map[atlas.ProbeID]outage.Probe)
	known.EachProbe(func(p *catalog.Probe) {
		one := outage.Probe{Country: p.Country, ASN: max(p.ASN, 0), Connected: p.Status != nil && *p.Status == connected}
		if p.Latitude != nil && p.Longitude != nil {
			one.Cell = outage.CellAt(*p.Latitude, *p.Longitude)
		}
		probes[p.ID] = one
	})
	return probes
}

// connectionEvents is the topic of connection events as outages are looked for in it.
type connectionEvents struct{ *gateway }

func (c connectionEvents) partition(ctx context.Context) (*eventlog.History, int, error) {
	history := c.log.History()
	number, err := history.Partition(ctx, eventlog.ProbeStatusTopic, atlas.ConnectionMeasurement)
	return history, number, refuseChanged(err)
}

// Bounds implements outagewatch.Log.
func (c connectionEvents) Bounds(ctx context.Context) (first, next int64, err error) {
	history, number, err := c.partition(ctx)
	if err != nil {
		return 0, 0, err
	}
	return history.Bounds(ctx, eventlog.ProbeStatusTopic, number)
}

// OffsetAt implements outagewatch.Log.
func (c connectionEvents) OffsetAt(ctx context.Context, at time.Time) (int64, error) {
	history, number, err := c.partition(ctx)
	if err != nil {
		return 0, err
	}
	return history.OffsetAt(ctx, eventlog.ProbeStatusTopic, number, at)
}

// Events implements outagewatch.Log. What cannot be read is left out.
func (c connectionEvents) Events(ctx context.Context, from, to int64) iter.Seq2[atlas.Record, error] {
	return func(yield func(atlas.Record, error) bool) {
		history, number, err := c.partition(ctx)
		if err != nil {
			yield(atlas.Record{}, err)
			return
		}
		read := func(from int64) iter.Seq2[atlas.Record, error] {
			return history.Range(ctx, eventlog.ProbeStatusTopic, number, from, to)
		}
		readable(from, to, read, func(gone *eventlog.OffsetGoneError) {
			c.cfg.Logger.Error("outages are looked for without some connection events", zap.Error(gone))
		})(yield)
	}
}

// Follow implements outagewatch.Log.
func (c connectionEvents) Follow(ctx context.Context, offset int64, attach func(missed []atlas.Record)) (release func(), found bool, err error) {
	_, number, err := c.partition(ctx)
	if err != nil {
		return nil, false, err
	}
	release, err = c.connections.FollowFrom(ctx, atlas.Position{Topic: eventlog.ProbeStatusTopic, Partition: number, Offset: offset}, attach)
	if errors.Is(err, eventlog.ErrNotInRing) {
		return nil, false, nil
	}
	return release, err == nil, err
}
