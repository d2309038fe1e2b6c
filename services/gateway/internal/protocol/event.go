package protocol

import "atlasstream/pkg/atlas"

// Events that a client sends.
const (
	EventSubscribe   = "atlas_subscribe"
	EventUnsubscribe = "atlas_unsubscribe"
)

// Events that a client receives besides records.
const (
	EventSubscribed     = "atlas_subscribed"
	EventUnsubscribed   = "atlas_unsubscribed"
	EventBacklogSent    = "atlas_backlog_sent"
	EventReplayFinished = "atlas_replay_finished" // Socket.IO only
	EventCursor         = "atlas_cursor"          // where the client is, if it has received no cursor for a while
	EventError          = "atlas_error"
)

// Events that carry records.
const (
	EventResult      = "atlas_result"
	EventProbeStatus = "atlas_probestatus"
	EventMetadata    = "atlas_metadata"
)

// RecordEvent is the event that carries the records of a stream.
func RecordEvent(stream atlas.Stream) string {
	switch stream {
	case atlas.StreamProbeStatus:
		return EventProbeStatus
	case atlas.StreamMetadata:
		return EventMetadata
	default:
		return EventResult
	}
}
