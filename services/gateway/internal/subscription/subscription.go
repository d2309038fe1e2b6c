package subscription

import (
	"encoding/json"
	"fmt"

	"atlasstream/pkg/atlas"
)

// Subscription is what a client wants to receive.
type Subscription struct {
	Stream      atlas.Stream
	Measurement atlas.MeasurementID
	Probe       atlas.ProbeID // 0 for every probe
	Fields      Fields
	Echo        json.RawMessage // the parameters just as the client wrote them: clients find their own record by the string form of the echo
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

// Matches tells whether a record of the subscription's measurement is wanted.
func (s *Subscription) Matches(record *atlas.Record) bool {
	return s.Probe == 0 || s.Probe == record.Probe
}
