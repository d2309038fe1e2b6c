package eventlog

import (
	"unicode/utf8"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/encoding/protowire"
)

// headerReader reads headers of records as decodeHeaders does, without a piece of memory for each: their type is mostly that of the record before.
type headerReader struct{ last atlas.Event }

func (h *headerReader) event(headers []kafka.Header) (event atlas.Event, ok bool) {
	for i := range headers {
		if headers[i].Key == headerKey {
			return h.read(headers[i].Value)
		}
	}
	return atlas.Event{}, false
}

// The numbers of an event.v1.Header's fields.
const (
	fieldMeasurement = 1
	fieldProbe       = 2
	fieldType        = 3
	fieldEventID     = 4
)

func (h *headerReader) read(raw []byte) (event atlas.Event, ok bool) {
	var eventType, id []byte
	for len(raw) > 0 {
		number, kind, length := protowire.ConsumeField(raw)
		if length < 0 {
			return atlas.Event{}, false
		}
		_, _, tag := protowire.ConsumeTag(raw)
		value := raw[tag:length]
		raw = raw[length:]
		switch {
		case number == fieldMeasurement && kind == protowire.VarintType:
			event.Measurement = atlas.MeasurementID(varint(value))
		case number == fieldProbe && kind == protowire.VarintType:
			event.Probe = atlas.ProbeID(varint(value))
		case number == fieldType && kind == protowire.BytesType:
			if eventType, _ = protowire.ConsumeBytes(value); !utf8.Valid(eventType) {
				return atlas.Event{}, false
			}
		case number == fieldEventID && kind == protowire.BytesType:
			id, _ = protowire.ConsumeBytes(value)
		}
	}
	copy(event.ID[:], id)
	complete := len(id) == len(event.ID) && event.ID != atlas.EventID{} && event.Measurement > 0 && event.Probe > 0 && len(eventType) > 0
	return h.typed(event, eventType), complete
}

// typed completes an event with its type, which the event before mostly had.
func (h *headerReader) typed(event atlas.Event, eventType []byte) atlas.Event {
	if h.last.Type != string(eventType) {
		h.last.Type = string(eventType)
		h.last.Stream = streamOf(h.last.Type)
	}
	event.Type, event.Stream = h.last.Type, h.last.Stream
	return event
}

func varint(value []byte) uint64 {
	number, _ := protowire.ConsumeVarint(value)
	return number
}
