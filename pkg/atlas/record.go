package atlas

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"
)

// Stream is a stream of records, by the name that clients use for it (stream_type).
type Stream string

// The streams. A record of the metadata stream is the registry's object of a measurement, sent when the object appears or changes.
const (
	StreamResult      Stream = "result"
	StreamProbeStatus Stream = "probestatus"
	StreamMetadata    Stream = "metadata"
)

// EventID identifies a record's value: records with the same bytes have the same ID.
type EventID [16]byte

// EventIDOf hashes a record's value. It is the first half of the SHA-256, so that nobody can craft a result that passes for a repeat of another.
func EventIDOf(value []byte) EventID {
	sum := sha256.Sum256(value)
	return EventID(sum[:16])
}

// String is the ID in hexadecimal.
func (id EventID) String() string { return hex.EncodeToString(id[:]) }

// Identity is the first half of the ID, big-endian: it tells the record at an offset from the one that a recreated topic has there.
func (id EventID) Identity() uint64 { return binary.BigEndian.Uint64(id[:8]) }

// Position is the position of a record in the log.
type Position struct {
	Topic     string
	Partition int
	Offset    int64
}

// Event is a measurement result or a probe-status event, with what is known of it without parsing its value.
type Event struct {
	Stream      Stream
	Measurement MeasurementID
	Probe       ProbeID
	Type        string    // the measurement's type, such as "ping"; "connection" for a probe-status event
	Time        time.Time // event time, whole milliseconds
	ID          EventID
	Value       []byte // one line of JSON, as the probe delivered it
}

// Record is an event at its position in the log.
type Record struct {
	Event
	Position Position
}

// MeasurementID is the ID of a measurement of RIPE Atlas. Those of built-in measurements are small (1001, 5001), those of users' measurements large.
type MeasurementID int64

// ProbeID is the ID of a probe of RIPE Atlas.
type ProbeID int64

// MaxID is the greatest measurement or probe ID that is accepted: the greatest integer that every JSON parser, JavaScript's included, represents exactly.
const MaxID = 1<<53 - 1

// ConnectionMeasurement is RIPE's measurement of the connections between probes and controllers. Its results are the probe-status events.
const ConnectionMeasurement MeasurementID = 7000

// Key is the Kafka key of a measurement's records: its ID in decimal digits.
func (id MeasurementID) Key() string { return strconv.FormatInt(int64(id), 10) }

// maxAhead is how far a record's time may be ahead of the collector's clock. Kafka 4 refuses a batch with a record that is an hour ahead of the broker
// (message.timestamp.after.max.ms), so one probe with a fast clock would have its whole batch refused; the rest of the hour is for clocks that differ.
const maxAhead = 10 * time.Minute

// EventTime is the time of an event in the log: the event's own timestamp, but at most ten minutes after now, where a probe's clock is fast. The value of the
// event keeps the timestamp of the probe.
func EventTime(timestamp, now time.Time) time.Time {
	latest := now.Add(maxAhead).Truncate(time.Millisecond)
	if timestamp.After(latest) {
		return latest
	}
	return timestamp
}
