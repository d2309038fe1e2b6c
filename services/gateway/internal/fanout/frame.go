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

// frames are the encodings of one record so far: one for each distinct shape that somebody wants.
type frames struct {
	record *atlas.Record
	shapes []frame
}

type frame struct {
	encoding Encoding
	stream   atlas.Stream
	fields   subscription.Fields
	message  *outbox.Message
}

func (f *frames) reset(record *atlas.Record) {
	f.record = record
	clear(f.shapes)
	f.shapes = f.shapes[:0]
}

// get encodes the record unless somebody got the same shape before.
func (f *frames) get(encoding Encoding, stream atlas.Stream, fields subscription.Fields) *outbox.Message {
	for i := range f.shapes {
		if shape := &f.shapes[i]; shape.fields == fields && shape.stream == stream && shape.encoding == encoding {
			return shape.message
		}
	}
	message := encoding.Event(eventName(stream), fields.Prune(f.record.Value))
	f.shapes = append(f.shapes, frame{encoding: encoding, stream: stream, fields: fields, message: message})
	return message
}

func eventName(stream atlas.Stream) string {
	if stream == atlas.StreamProbeStatus {
		return eventProbeStatus
	}
	return eventResult
}
