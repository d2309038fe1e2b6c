package subscription

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"atlasstream/pkg/atlas"
)

// Subscription is what a client wants to receive.
type Subscription struct {
	Stream      atlas.Stream
	Measurement atlas.MeasurementID // 0 for every measurement, in the metadata stream only
	Probe       atlas.ProbeID       // 0 for every probe
	Fields      Fields
	Enrich      bool  // messages get what the registry knows of the probe, before the conditions are asked
	Buffer      bool  // messages come in arrays
	Past        *Past // what is to be replayed; nil for what comes from now on
	Backlog     bool  // what came in the last minutes comes first
	Cursor      Cursor
	conditions  []condition
}

// Key is the same for two subscriptions that ask for the same, whatever the order, the style and the spelling of their parameters: 32 bytes, however much
// they ask for. Where they begin does not matter: for one client, a measurement is either live or replayed, and replayed once.
func (s *Subscription) Key() string {
	digest := sha256.Sum256([]byte(s.spelled()))
	return string(digest[:])
}

// spelled is the one spelling of all that ask for the same.
func (s *Subscription) spelled() string {
	conditions := make([]string, len(s.conditions))
	for i, condition := range s.conditions {
		conditions[i] = string(condition.appendKey(nil))
	}
	slices.Sort(conditions)
	conditions = slices.Compact(conditions)
	return fmt.Sprintf("%s %d %d %q %t %t %t %s",
		s.Stream, s.Measurement, s.Probe, s.Fields.appendTo(nil), s.Enrich, s.Buffer, s.Cursor.Wanted, strings.Join(conditions, ", "))
}

// Source is the stream of the log that has the records. RIPE's measurement 7000 has the probe-status events for results.
func (s *Subscription) Source() atlas.Stream {
	if s.Stream == atlas.StreamResult && s.Measurement == atlas.ConnectionMeasurement {
		return atlas.StreamProbeStatus
	}
	return s.Stream
}

// Conditions is how many conditions are asked about a record besides its measurement and its probe.
func (s *Subscription) Conditions() int { return len(s.conditions) }

// isUnconditional tells that measurement and probe are all that is asked about, and that an entry has no other measurements.
func (s *Subscription) isUnconditional() bool {
	return len(s.conditions) == 0 && s.Stream != atlas.StreamMetadata
}

func (s *Subscription) matches(subject *Subject) bool {
	record := subject.Record()
	if s.Probe != 0 && s.Probe != record.Probe || s.Measurement != 0 && s.Measurement != record.Measurement {
		return false
	}
	view := subject.view(s.Enrich)
	for _, condition := range s.conditions {
		subject.work.Conditions++
		if !condition.holds(view) {
			return false
		}
	}
	return true
}
