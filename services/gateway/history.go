package gateway

import (
	"context"
	"errors"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/session"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/playback"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// topics are the live topics of the streams that have records.
var topics = map[atlas.Stream]string{atlas.StreamResult: eventlog.ResultsTopic, atlas.StreamProbeStatus: eventlog.ProbeStatusTopic}

// newPlayer makes what reads the past for all clients.
func (g *gateway) newPlayer() *playback.Player {
	return playback.NewPlayer(playback.Settings{
		Log:          recorded{g.log.History()},
		Measurements: g.knowledge,
		Topics:       topics,
		Window:       playback.Window{Span: g.cfg.HistoryWindow, Bytes: g.cfg.HistoryWindowBytes},
		Lateness:     g.cfg.HistoryLateness,
		Limits:       playback.Limits{Results: float64(g.cfg.HistoryResults), Scanned: float64(g.cfg.HistoryScanned)},
	}, g.cfg.Metrics)
}

// replays is how the past is replayed; nil if nobody may have it.
func (g *gateway) replays() *session.Replays {
	if g.cfg.History == HistoryOff {
		return nil
	}
	return &session.Replays{
		History:   &past{player: g.player, back: g.cfg.HistoryBack, logger: g.cfg.Logger},
		Enricher:  inThePast{g.knowledge.Catalog},
		NeedRight: g.cfg.History == HistoryToken,
		OfClient:  g.cfg.ClientReplays,
		OfAddress: g.cfg.AddressReplays,
		OfHub:     g.cfg.MaxReplays,
	}
}

// recorded is the log as playbacks read it.
type recorded struct{ *eventlog.History }

// Read implements playback.Log.
func (r recorded) Read(
	ctx context.Context, topic string, measurement atlas.MeasurementID, from, to int64, account *readlimit.Account,
) (playback.Source, error) {
	reading, err := account.Begin(ctx, eventlog.DefaultRepeatHorizon)
	if err != nil {
		return nil, err
	}
	reader, err := r.Measurement(ctx, topic, measurement, from, to)
	if err != nil {
		return nil, err
	}
	reader.BeforeFetch(reading.Pay)
	return reader, nil
}

// inThePast enriches records with what was so at their time, as far as that is known.
type inThePast struct{ registry *catalog.Catalog }

// Enrich implements subscription.Enricher.
func (p inThePast) Enrich(record *atlas.Record) []byte { return p.registry.EnrichPast(record) }

// past is the history that the hub knows.
type past struct {
	player *playback.Player
	back   time.Duration // 0: as far as the log goes
	logger *zap.Logger
}

// Start implements session.History.
func (p *past) Start(ctx context.Context, wanted *subscription.Subscription, from *cursor.Token, account *readlimit.Account) (replay.Playback, error) {
	asked := wanted.Replay
	//mutate:history-back
	if earliest := time.Now().Add(-p.back); p.back > 0 && asked.Start.Before(earliest) {
		return nil, protocol.Refuse(protocol.CodeBeforeLog,
			"startTime: got %s, want no earlier than %s, as far as this gateway goes back",
			asked.Start.UTC().Format(time.RFC3339), earliest.Add(time.Second).UTC().Format(time.RFC3339))
	}
	replay, err := p.begin(ctx, from, playback.Request{
		Stream: wanted.Source(), Measurement: wanted.Measurement, Start: asked.Start, End: asked.End, Speed: asked.Speed, Account: account,
	})
	if err != nil {
		return nil, refuseChanged(err)
	}
	return played{replay, p.logger.With(zap.Int64("measurement", int64(wanted.Measurement)))}, nil
}

// begin starts a replay, or goes on with one behind a cursor.
func (p *past) begin(ctx context.Context, from *cursor.Token, request playback.Request) (*playback.Replay, error) {
	if from == nil {
		return p.player.Start(ctx, request)
	}
	return p.player.Resume(ctx, request, *from)
}

// played is a playback that says in its words why it could not go on.
type played struct {
	*playback.Replay
	logger *zap.Logger
}

// protocol.CodeGap is that of a replay whose records the log has lost.

// Run implements replay.Playback.
func (p played) Run(ctx context.Context, sink delivery.Sink) error {
	err := p.Replay.Run(ctx, sink)
	if err == nil || ctx.Err() != nil || errors.Is(err, sendqueue.ErrClosed) {
		return err
	}
	p.logger.Warn("a replay has ended before its time", zap.Error(err))
	if gone, ok := errors.AsType[*eventlog.OffsetGoneError](err); ok {
		return protocol.Refuse(protocol.CodeGap, "the log has lost what comes next in this replay, which ends here: it has %d and what comes after it, not %d",
			gone.First, gone.Offset)
	}
	if refusal, ok := errors.AsType[*protocol.Error](refuseChanged(err)); ok {
		return refusal
	}
	return protocol.Refuse(protocol.CodeUnavailable, "the log cannot be read any further, so this replay ends here; try again in some seconds")
}
