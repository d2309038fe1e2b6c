package gateway

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/api"
	"atlasstream/services/gateway/internal/volume"
)

// newAPI makes what answers beside the streams.
func (g *gateway) newAPI() *api.API {
	history := g.log.History()
	return api.New(api.Settings{
		Acceptor:      g.acceptor,
		History:          api.HistoryPolicy{Mode: g.cfg.History, MaxAge: g.cfg.HistoryBack},
		Facts:         g.cfg.facts(),
		Kafka:         g.log.Availability,
		Newest:        func(stream atlas.Stream) time.Time { return g.newest[stream].time() },
		Catalog:      g.knowledge.Catalog,
		Ranges:        g.ranges,
		Speeds:        g.speeds,
		Log:           answered{history},
		Scans:         g.scans,
		Volumes:       volume.New(history, g.scans, g.cfg.HistoryLateness),
		Outages:       g.outages,
		Activity:      g.activity,
		Topics:        topics,
		RefuseUnknown: g.cfg.UnknownMeasurements == refuseUnknown,
		WriteTimeout:  g.cfg.WriteTimeout,
		Logger:        g.cfg.Logger,
	}, g.cfg.Metrics)
}

// facts are what clients may know of the settings.
func (c Config) facts() api.Facts {
	return api.Facts{
		Version:   service.Version(),
		Lateness:  c.HistoryLateness,
		Backlog:   c.Backlog,
		Behind:    c.BehindTime,
		CursorAge: c.BehindTime,
		Speed:     api.SpeedLimits{Results: c.HistoryResults, Records: c.HistoryScanned},
		Client: api.ClientLimits{
			Subscriptions: c.MaxSubscriptions, Replays: c.ClientReplays, Messages: c.ConnectionMessages, MessageBytes: c.MaxMessage,
			QueueBytes: c.QueueBytes, QueueMessages: c.QueueMessages,
		},
		Address: api.AddressLimits{
			Connections: c.AddressConnections, Subscriptions: c.AddressSubscriptions, Replays: c.AddressReplays, Messages: c.AddressMessages,
		},
	}
}

// answered is the log as answers read it.
type answered struct{ *eventlog.History }

// Measurement implements api.Log.
func (a answered) Measurement(ctx context.Context, position atlas.Position) ([]byte, error) {
	position.Topic = eventlog.MeasurementsTopic
	object, _, err := a.Object(ctx, position)
	return object.Value, err
}
