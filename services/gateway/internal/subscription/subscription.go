package subscription

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unsafe"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/condition"
	"atlasstream/services/gateway/internal/jsonpath"
)

// Subscription is what a client wants to receive.
type Subscription struct {
	Stream      atlas.Stream
	Measurement atlas.MeasurementID // 0 for all measurements, in the metadata stream only
	Probe       atlas.ProbeID       // 0 for all probes
	Lists       *Lists              // several measurements or probes, of which Measurement and Probe are the first; nil for one
	Fields      Fields              // acceptedFields
	Enrich      bool                // messages get what the catalog knows of the probe, before the conditions are evaluated
	Buffer      bool                // messages come in arrays
	Backlog     bool                // what came in during the last minutes comes first
	CameSince   *time.Time          // what the log has from then on comes first; nil for nothing
	Replay      *ReplayRequest      // what is to be replayed; nil for what comes in from now on
	Cursor      Cursor
	Limit       int64         // records after which the subscription ends; 0 for any number
	Duration    time.Duration // after which it ends; 0 for none
	Quota       *Quota        // of records; nil if nothing bounds them
	Conditions  []condition.Condition
}

// Fields are the members that messages are pruned to. The zero value keeps every member.
type Fields = jsonpath.PathSet

// Key is the same for two subscriptions that ask for the same, whatever the order, the style and the spelling of their parameters. It has 32 bytes. Where they
// begin does not matter: for one client, a measurement is either live or replayed, and replayed once.
func (s *Subscription) Key() string {
	conditions := make([]string, len(s.Conditions))
	for i, condition := range s.Conditions {
		conditions[i] = string(condition.AppendKey(nil))
	}
	slices.Sort(conditions)
	conditions = slices.Compact(conditions)
	measurements, probes := any(s.Measurement), any(s.Probe)
	if s.Lists != nil {
		measurements, probes = s.Lists.Measurements, s.Lists.Probes
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "%s %v %v %q %t %t %t %d %d %s",
		s.Stream, measurements, probes, s.Fields.Paths(), s.Enrich, s.Buffer, s.Cursor.Wanted, s.Limit, s.Duration, strings.Join(conditions, ", ")))
	return string(digest[:])
}

// Source is the stream of the log that has the records. RIPE Atlas lists connection events as results of measurement 7000 too; the log has them as
// probestatus only.
func (s *Subscription) Source() atlas.Stream {
	if s.Stream == atlas.StreamResult && s.Measurement == atlas.ConnectionMeasurement {
		return atlas.StreamProbeStatus
	}
	return s.Stream
}

// isUnconditional tells whether a record need only be of the measurement and the probe of a candidate's list.
func (s *Subscription) isUnconditional() bool {
	return len(s.Conditions) == 0 && s.Stream != atlas.StreamMetadata
}

func (s *Subscription) matches(view *RecordView) bool {
	record := view.Record()
	if s.Probe != 0 && s.Probe != record.Probe || s.Measurement != 0 && s.Measurement != record.Measurement {
		return false
	}
	value := view.value(s.Enrich)
	for _, condition := range s.Conditions {
		view.conditions++
		if !condition.Holds(value) {
			return false
		}
	}
	return true
}

// Since gives the subscription restricted to records with a time of at, to the millisecond, or later.
func (s *Subscription) Since(at time.Time) *Subscription {
	restricted := *s
	restricted.Conditions = append([]condition.Condition{condition.Since(at)}, s.Conditions...)
	return &restricted
}

// Size is the memory that the subscription takes, in bytes.
func (s *Subscription) Size() int {
	size := int(unsafe.Sizeof(*s)) + len(s.Cursor.After) + s.Fields.Size()
	if s.Lists != nil {
		size += int(unsafe.Sizeof(*s.Lists)) + 8*(len(s.Lists.Measurements)+len(s.Lists.Probes))
	}
	if s.Quota != nil {
		size += int(unsafe.Sizeof(*s.Quota))
	}
	if s.Replay != nil {
		size += int(unsafe.Sizeof(*s.Replay))
	}
	for _, condition := range s.Conditions {
		size += int(unsafe.Sizeof(condition)) + condition.Size()
	}
	return size
}
