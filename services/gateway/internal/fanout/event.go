package fanout

import "atlasstream/pkg/atlas"

// The events that confirm what a client asks for.
const (
	eventSubscribed   = "atlas_subscribed"
	eventUnsubscribed = "atlas_unsubscribed"
)

// eventName is the event that carries the records of a stream.
func eventName(stream atlas.Stream) string {
	switch stream {
	case atlas.StreamProbeStatus:
		return "atlas_probestatus"
	case atlas.StreamMetadata:
		return "atlas_metadata"
	default:
		return "atlas_result"
	}
}
