package atlas

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Stream tells which of the service's streams a record belongs to, by the name that clients use for it.
type Stream string

// The streams that carry records. Those of the metadata stream are a measurement's object, when it appears or changes.
const (
	StreamResult      Stream = "result"
	StreamProbeStatus Stream = "probestatus"
	StreamMetadata    Stream = "metadata"
)

// EventID identifies a record's value: records with the same bytes have the same ID.
type EventID [16]byte

// EventIDOf hashes a record's value. It is the first half of its SHA-256, so that nobody can craft a result that passes for a repeat of another.
func EventIDOf(value []byte) EventID {
	sum := sha256.Sum256(value)
	return EventID(sum[:16])
}

// String gives the ID in hexadecimal.
func (id EventID) String() string { return hex.EncodeToString(id[:]) }

// Position is where a record stands in the log.
type Position struct {
	Topic     string
	Partition int
	Offset    int64
}

// Event is what a record says: a measurement result or a probe-status event, and what is known of it without parsing its value.
type Event struct {
	Stream      Stream
	Measurement MeasurementID
	Probe       ProbeID
	Type        string    // the measurement's type, such as "ping"; "connection" for a probe-status event
	Time        time.Time // event time, whole milliseconds
	ID          EventID
	Value       []byte // one line of JSON, as the probe delivered it
}

// Record is an event that the log holds.
type Record struct {
	Event
	Position Position
}
