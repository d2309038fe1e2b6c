package fanout

import (
	"context"
	"fmt"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// Hub joins subscribers with the streams of the log.
type Hub struct {
	streams          map[atlas.Stream]Stream
	maxSubscriptions int
}

// Stream is a source and the feed that it gets its records from.
type Stream struct {
	Source *Source
	Feed   Feed
}

// NewHub makes a hub whose subscribers have at most maxSubscriptions each.
func NewHub(streams map[atlas.Stream]Stream, maxSubscriptions int) *Hub {
	return &Hub{streams: streams, maxSubscriptions: maxSubscriptions}
}

// Join makes a client a subscriber without subscriptions. Leave must be called when the client is gone.
func (h *Hub) Join(client Client) *Subscriber {
	return &Subscriber{hub: h, client: client, subscriptions: make(map[string]*membership)}
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
