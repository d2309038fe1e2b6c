package subscription

import (
	"fmt"

	"atlasstream/pkg/atlas"
)

// Subscription is what a client wants to receive.
type Subscription struct {
	Stream      atlas.Stream
	Measurement atlas.MeasurementID
	Probe       atlas.ProbeID // 0 for every probe
	Fields      Fields
}

// Key is the same for two subscriptions that ask for the same, whatever the order, the style and the spelling of their parameters.
func (s *Subscription) Key() string {
	return fmt.Sprintf("%s %d %d %s", s.Stream, s.Measurement, s.Probe, s.Fields.key)
}

// Source is the stream of the log that has the records. RIPE's measurement 7000 has the probe-status events for results.
func (s *Subscription) Source() atlas.Stream {
	if s.Measurement == atlas.ConnectionMeasurement {
		return atlas.StreamProbeStatus
	}
	return s.Stream
}
