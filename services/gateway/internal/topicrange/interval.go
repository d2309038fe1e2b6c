package topicrange

import (
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// Interval is an interval of event time; both ends belong to it.
type Interval struct{ Start, End time.Time }

// Contains tells whether a time is in the interval.
//
//mutate:replay-end-exclusive
func (i Interval) Contains(at time.Time) bool { return !at.Before(i.Start) && !at.After(i.End) }

// Seconds is the length of the interval, and at least one.
func (i Interval) Seconds() float64 { return max(1, i.End.Sub(i.Start).Seconds()) }

// Query says whose records are looked for.
type Query struct {
	Stream      atlas.Stream // StreamResult or StreamProbeStatus
	Measurement atlas.MeasurementID
	Account     *readlimit.Account // pays for what is looked up and read
}

// FormatTime writes an event time as refusals name it.
func FormatTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.999Z") }
