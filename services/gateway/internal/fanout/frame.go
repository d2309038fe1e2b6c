package fanout

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// The events that carry records.
const (
	eventResult      = "atlas_result"
	eventProbeStatus = "atlas_probestatus"
)

// shape is what two clients must have in common to get the same message.
type shape struct {
	encoding Encoding
	stream   atlas.Stream
	fields   subscription.Fields
}

// frames are the encodings of one record so far. Most clients want the same shape, so the last one is at hand.
type frames struct {
	record    *atlas.Record
	last      shape
	lastFrame *outbox.Message
	others    map[shape]*outbox.Message
}

func (f *frames) reset(record *atlas.Record) {
	f.record, f.lastFrame = record, nil
	clear(f.others)
}

// get encodes the record unless somebody got the same shape before.
func (f *frames) get(wanted shape) *outbox.Message {
	if f.lastFrame != nil && f.last == wanted {
		return f.lastFrame
	}
	message := f.others[wanted]
	if message == nil {
		message = wanted.encoding.Event(eventName(wanted.stream), wanted.fields.Prune(f.record.Value))
	}
	if f.lastFrame != nil {
		f.keepLast()
	}
	f.last, f.lastFrame = wanted, message
	return message
}

func (f *frames) keepLast() {
	if f.others == nil {
		f.others = make(map[shape]*outbox.Message)
	}
	f.others[f.last] = f.lastFrame
}

func eventName(stream atlas.Stream) string {
	if stream == atlas.StreamProbeStatus {
		return eventProbeStatus
	}
	return eventResult
}
