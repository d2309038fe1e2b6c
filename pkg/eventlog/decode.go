package eventlog

import (
	"unicode/utf8"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/encoding/protowire"
)

// headerKey names the record header that holds the event.v1.Header.
const headerKey = "atlas"

// headerDecoder decodes headers as package proto does, without allocating for each: most records have the type of the record before.
type headerDecoder struct {
	lastType   string
	lastStream atlas.Stream
}

// decode reads all but the time and the value of an event from the record header that our writers add. It returns false if there is no valid one.
func (d *headerDecoder) decode(headers []kafka.Header, event *atlas.Event) bool {
	for i := range headers {
		if headers[i].Key == headerKey {
			return d.decodeValue(headers[i].Value, event)
		}
	}
	return false
}

// The tags of an event.v1.Header's fields.
const (
	tagMeasurement = 1<<3 | uint64(protowire.VarintType)
	tagProbe       = 2<<3 | uint64(protowire.VarintType)
	tagType        = 3<<3 | uint64(protowire.BytesType)
	tagEventID     = 4<<3 | uint64(protowire.BytesType)
)

func (d *headerDecoder) decodeValue(raw []byte, event *atlas.Event) bool {
	var measurement, probe uint64
	var eventType, id []byte
	for len(raw) > 0 {
		tag, length := uint64(raw[0]), 1
		if tag >= 1<<7 {
			if tag, length = protowire.ConsumeVarint(raw); length < 0 {
				return false
			}
		}
		value := raw[length:]
		switch tag {
		case tagMeasurement:
			measurement, length = protowire.ConsumeVarint(value)
		case tagProbe:
			probe, length = protowire.ConsumeVarint(value)
		case tagType:
			eventType, length = protowire.ConsumeBytes(value)
			if length >= 0 && !d.isType(eventType) {
				return false
			}
		case tagEventID:
			id, length = protowire.ConsumeBytes(value)
		default:
			value = raw
			_, _, length = protowire.ConsumeField(raw)
		}
		if length < 0 {
			return false
		}
		raw = value[length:]
	}
	event.Measurement, event.Probe = atlas.MeasurementID(measurement), atlas.ProbeID(probe)
	return event.Measurement > 0 && event.Probe > 0 && setID(event, id) && d.setType(event, eventType)
}

// isType reports whether a type is valid UTF-8, as strings of protobuf must be.
func (d *headerDecoder) isType(eventType []byte) bool {
	return d.lastType == string(eventType) || utf8.Valid(eventType)
}

func setID(event *atlas.Event, id []byte) bool {
	if len(id) != len(event.ID) {
		return false
	}
	event.ID = atlas.EventID(id)
	return event.ID != atlas.EventID{}
}

// setType sets a type that is not empty, and the stream that goes with it.
func (d *headerDecoder) setType(event *atlas.Event, eventType []byte) bool {
	if d.lastType != string(eventType) {
		d.lastType = string(eventType)
		d.lastStream = streamOf(d.lastType)
	}
	event.Type, event.Stream = d.lastType, d.lastStream
	return d.lastType != ""
}

const connectionType = "connection"

func streamOf(eventType string) atlas.Stream {
	if eventType == connectionType {
		return atlas.StreamProbeStatus
	}
	return atlas.StreamResult
}

// parseForeignValue parses a record of a foreign producer as the collector would for the topic: an archive also has connection events, whose measurement
// is 7000.
func parseForeignValue(topic string, value []byte) (atlas.Event, error) {
	switch {
	case topic == ProbeStatusTopic:
		return atlas.ParseProbeStatus(value)
	case IsArchiveTopic(topic):
		return atlas.ParseArchived(value)
	}
	return atlas.ParseResult(value)
}
