package fanout

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// Hub joins subscribers with the streams of the log.
type Hub struct {
	streams map[atlas.Stream]Stream
	limits  Limits
	clients atomic.Int64
}

// Limits bound a hub.
type Limits struct {
	Clients       int // at once
	Subscriptions int // of one client
}

// ErrFullHouse refuses a client beyond the limit.
var ErrFullHouse = errors.New("too many clients")

// Stream is a source and the feed that it gets its records from.
type Stream struct {
	Source *Source
	Feed   Feed
}

// NewHub makes a hub and registers how many clients it has.
func NewHub(streams map[atlas.Stream]Stream, limits Limits, registerer prometheus.Registerer) *Hub {
	hub := &Hub{streams: streams, limits: limits}
	registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_clients", Help: "Clients that are connected.",
	}, func() float64 { return float64(hub.clients.Load()) }))
	return hub
}

// Join makes a client a subscriber without subscriptions, or refuses it with ErrFullHouse. Leave must be called when the client is gone.
func (h *Hub) Join(client Client) (*Subscriber, error) {
	if h.clients.Add(1) > int64(h.limits.Clients) {
		h.clients.Add(-1)
		return nil, fmt.Errorf("%w: there are %d, and no more are allowed", ErrFullHouse, h.limits.Clients)
	}
	return &Subscriber{hub: h, client: client, subscriptions: make(map[string]*membership)}, nil
}

func (h *Hub) follow(
	ctx context.Context, subscriber *Subscriber, wanted *subscription.Subscription, confirmation *outbox.Message,
) (*membership, error) {
	stream, served := h.streams[wanted.Source()]
	if !served {
		return nil, fmt.Errorf("no stream %q", wanted.Source())
	}
	return stream.Source.follow(ctx, stream.Feed, subscriber, wanted, confirmation)
}
