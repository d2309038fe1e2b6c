package gateway

import (
	"context"
	"errors"

	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/topicrange"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/readlimit"
)

// topics are the live topics of the streams that have records.
var topics = map[atlas.Stream]string{atlas.StreamResult: eventlog.ResultsTopic, atlas.StreamProbeStatus: eventlog.ProbeStatusTopic}

// newRanges makes what finds records in the log for all clients.
func (g *gateway) newRanges() *topicrange.Finder {
	return topicrange.NewFinder(topicrange.Settings{Log: recorded{g.log.History()}, Topics: topics, Lateness: g.cfg.HistoryLateness}, g.cfg.Metrics)
}

// newSpeeds makes what limits the speed of replays.
func (g *gateway) newSpeeds() *speedlimit.Estimator {
	return speedlimit.New(speedlimit.Settings{
		Ranges:       g.ranges,
		Measurements: g.knowledge,
		Limits:       speedlimit.Limits{Results: float64(g.cfg.HistoryResults), Scanned: float64(g.cfg.HistoryScanned)},
	})
}

// replays is how the past is replayed; nil if nobody may have it.
func (g *gateway) replays() *session.Replays {
	planner := replay.NewPlanner(replay.PlannerSettings{
		Log:          recorded{g.log.History()},
		Ranges:       g.ranges,
		Speeds:       g.speeds,
		Measurements: g.knowledge,
		Window:       replay.Window{Span: g.cfg.HistoryWindow, Bytes: g.cfg.HistoryWindowBytes},
		MaxAge:       g.cfg.HistoryBack,
	}, g.cfg.Metrics)
	if g.cfg.History == HistoryOff {
		return nil
	}
	return &session.Replays{
		Planner:   planner,
		Enricher:  inThePast{g.knowledge.Catalog},
		NeedRight: g.cfg.History == HistoryToken,
		OfClient:  g.cfg.ClientReplays,
		OfAddress: g.cfg.AddressReplays,
		OfHub:     g.cfg.MaxReplays,
	}
}

// recorded is the log as replays read it, and what is looked for in it.
type recorded struct{ *eventlog.History }

// Partition implements topicrange.Log.
func (r recorded) Partition(ctx context.Context, topic string, measurement atlas.MeasurementID) (int, error) {
	number, err := r.History.Partition(ctx, topic, measurement)
	return number, refuseChanged(err)
}

// Open implements replay.Log.
func (r recorded) Open(
	ctx context.Context, topic string, measurement atlas.MeasurementID, from, to int64, account *readlimit.Account,
) (replay.LogReader, error) {
	reading, err := account.Begin(ctx, eventlog.DefaultRepeatHorizon)
	if err != nil {
		return nil, err
	}
	reader, err := r.Measurement(ctx, topic, measurement, from, to)
	if err != nil {
		return nil, lostInReplay(err)
	}
	reader.BeforeFetch(reading.Pay)
	return replayed{reader}, nil
}

// replayed is what a replay reads.
type replayed struct{ *eventlog.Reader }

// Next implements replay.LogReader.
func (r replayed) Next(ctx context.Context) (*atlas.Record, error) {
	record, err := r.Reader.Next(ctx)
	if err != nil {
		return nil, lostInReplay(err)
	}
	return record, nil
}

// lostInReplay is what the log does not have any more as replays know it.
func lostInReplay(err error) error {
	if gone, ok := errors.AsType[*eventlog.OffsetGoneError](err); ok {
		return &replay.LostError{Offset: gone.Offset, First: gone.First}
	}
	return refuseChanged(err)
}

// inThePast enriches records with what was so at their time, as far as that is known.
type inThePast struct{ registry *catalog.Catalog }

// Enrich implements subscription.Enricher.
func (p inThePast) Enrich(record *atlas.Record) []byte { return p.registry.EnrichPast(record) }
