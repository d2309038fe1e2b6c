package eventlog

import (
	"unicode/utf8"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/encoding/protowire"
)

// headerReader reads headers of records as decodeHeaders does, without a piece of memory for each: their type is mostly that of the record before.
type headerReader struct {
	lastType   string
	lastStream atlas.Stream
}

// event reads what our header says into an event, if the record has it.
func (h *headerReader) event(headers []kafka.Header, event *atlas.Event) bool {
	for i := range headers {
		if headers[i].Key == headerKey {
			return h.readPlain(headers[i].Value, event) || h.read(headers[i].Value, event)
		}
	}
	return false
}

// The numbers of an event.v1.Header's fields.
const (
	fieldMeasurement = 1
	fieldProbe       = 2
	fieldType        = 3
	fieldEventID     = 4
)

// The tags of these fields, as they are mostly encoded.
const (
	tagMeasurement = fieldMeasurement<<3 | byte(protowire.VarintType)
	tagProbe       = fieldProbe<<3 | byte(protowire.VarintType)
	tagType        = fieldType<<3 | byte(protowire.BytesType)
	tagEventID     = fieldEventID<<3 | byte(protowire.BytesType)
)

// readPlain reads a header that has each field once, in the order of their numbers, as our writers have them. It leaves everything else to read.
func (h *headerReader) readPlain(raw []byte, event *atlas.Event) bool {
	measurement, raw := plainNumber(raw, tagMeasurement)
	probe, raw := plainNumber(raw, tagProbe)
	if measurement <= 0 || probe <= 0 || len(raw) < 2 || raw[0] != tagType || raw[1] >= 1<<7 {
		return false
	}
	typeEnd := 2 + int(raw[1])
	if len(raw) != typeEnd+2+len(event.ID) || raw[typeEnd] != tagEventID || int(raw[typeEnd+1]) != len(event.ID) {
		return false
	}
	if id := atlas.EventID(raw[typeEnd+2:]); id != (atlas.EventID{}) && h.setType(event, raw[2:typeEnd]) {
		event.Measurement, event.Probe, event.ID = atlas.MeasurementID(measurement), atlas.ProbeID(probe), id
		return true
	}
	return false
}

// plainNumber gives the number behind a tag and what follows it, or 0 if there is another tag.
func plainNumber(raw []byte, tag byte) (number int64, rest []byte) {
	if len(raw) == 0 || raw[0] != tag {
		return 0, nil
	}
	value, length := protowire.ConsumeVarint(raw[1:])
	if length < 0 {
		return 0, nil
	}
	return int64(value), raw[1+length:]
}

// read reads any header.
func (h *headerReader) read(raw []byte, event *atlas.Event) bool {
	var measurement, probe uint64
	var eventType, id []byte
	for len(raw) > 0 {
		number, kind, length := protowire.ConsumeField(raw)
		if length < 0 {
			return false
		}
		_, _, tag := protowire.ConsumeTag(raw)
		value := raw[tag:length]
		raw = raw[length:]
		switch {
		case number == fieldMeasurement && kind == protowire.VarintType:
			measurement, _ = protowire.ConsumeVarint(value)
		case number == fieldProbe && kind == protowire.VarintType:
			probe, _ = protowire.ConsumeVarint(value)
		case number == fieldType && kind == protowire.BytesType:
			if eventType, _ = protowire.ConsumeBytes(value); !utf8.Valid(eventType) {
				return false
			}
		case number == fieldEventID && kind == protowire.BytesType:
			id, _ = protowire.ConsumeBytes(value)
		}
	}
	event.Measurement, event.Probe = atlas.MeasurementID(measurement), atlas.ProbeID(probe)
	event.ID = atlas.EventID{}
	copy(event.ID[:], id)
	return len(id) == len(event.ID) && event.ID != atlas.EventID{} && event.Measurement > 0 && event.Probe > 0 && h.setType(event, eventType)
}

// setType sets a type that is not empty, and the stream that goes with it. The record before mostly had the same, which is used again.
func (h *headerReader) setType(event *atlas.Event, eventType []byte) bool {
	if h.lastType != string(eventType) {
		if len(eventType) == 0 || !utf8.Valid(eventType) {
			return false
		}
		h.lastType = string(eventType)
		h.lastStream = streamOf(h.lastType)
	}
	event.Type, event.Stream = h.lastType, h.lastStream
	return h.lastType != ""
}
