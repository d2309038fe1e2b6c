package endpoint

import (
	"mime"
	"strconv"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// MediaEvents is the media type of Server-Sent Events.
const MediaEvents = "text/event-stream"

// format is the format of a stream's body: NDJSON or Server-Sent Events. protocol.EventUnsubscribed ends the body of its only subscription.
type format interface {
	encode.Encoding
	contentType() string
	// keepAlive may be written between two events, and is ignored by the client.
	keepAlive() []byte
	// withRetry has a last event say around when the client should reconnect, where the format can say that.
	withRetry(event *wsframe.Message, around time.Duration) *wsframe.Message
	// isLast reports whether an event is the last one.
	isLast(event []byte) bool
	// resumption returns how the subscription of a client changes that reconnects after an event with this ID, or first connects; nil if it does not.
	resumption(after string) func(*subscription.Subscription)
}

// formatFor returns the format for a client with the given Accept headers: Server-Sent Events if they are named, NDJSON otherwise.
func formatFor(accept []string) format {
	if AcceptsEvents(accept) {
		return sse{}
	}
	return ndjson{}
}

// AcceptsEvents reports whether Accept headers name Server-Sent Events.
func AcceptsEvents(accept []string) bool {
	for entry := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, parameters, err := mime.ParseMediaType(entry)
		if err != nil || media != MediaEvents {
			continue
		}
		if weight, err := strconv.ParseFloat(parameters["q"], 64); err != nil || weight > 0 {
			return true
		}
	}
	return false
}
