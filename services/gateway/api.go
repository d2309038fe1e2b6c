package gateway

import (
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/api"
)

// newAPI makes what answers beside the streams.
func (g *gateway) newAPI() *api.API {
	return api.New(api.Settings{
		Reception: g.reception,
		Past:      api.Past{Mode: g.cfg.History, Back: g.cfg.HistoryBack},
		Facts:     g.cfg.facts(),
		Kafka:     g.log.Presence,
		Newest:    func(stream atlas.Stream) time.Time { return g.newest[stream].time() },
		Registry:  g.knowledge.Registry,
		Logger:    g.cfg.Logger,
	}, g.cfg.Metrics)
}

// facts are what clients may know of the settings.
func (c Config) facts() api.Facts {
	return api.Facts{
		Version:       service.Version(),
		RefuseUnknown: c.RefuseUnknown,
		Lateness:      c.HistoryLateness,
		Backlog:       c.Backlog,
		Behind:        c.BehindTime,
		CursorAge:     c.BehindTime,
		Speed:         api.SpeedLimits{Results: c.HistoryResults, Records: c.HistoryScanned},
		Client: api.ClientLimits{
			Subscriptions: c.MaxSubscriptions, Replays: c.ClientReplays, Messages: c.ConnectionMessages, MessageBytes: c.MaxMessage,
			QueueBytes: c.QueueBytes, QueueMessages: c.QueueMessages,
		},
		Address: api.AddressLimits{
			Connections: c.AddressConnections, Subscriptions: c.AddressSubscriptions, Replays: c.AddressReplays, Messages: c.AddressMessages,
		},
	}
}
