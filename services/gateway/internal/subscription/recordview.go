package subscription

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/condition"
)

// Enricher adds to a record's value what the catalog knows of the record's probe, as member "probe". If it knows nothing, it gives the value as it is.
type Enricher interface {
	Enrich(record *atlas.Record) []byte
}

// RecordView is a record as subscriptions see it: whatever several of them need is found once, and only when the first of them needs it. It is not safe for
// concurrent use.
type RecordView struct {
	plain, enriched condition.Value
	union           union // of the candidate that is being matched
	conditions      int
	sets            int
}

// Stats counts the work of matching and pruning records.
type Stats struct {
	Bytes      int // of records that were read to find members, each once for all conditions and once for all acceptedFields
	Conditions int // that were evaluated on a record
	Sets       int // of acceptedFields that were looked up or united, for a client and a record
	Payloads   int // different ones that records were pruned to
	Parts      int // members and elements that were considered for these
}

// Sub gives the difference to an earlier count.
func (s Stats) Sub(earlier Stats) Stats {
	return Stats{
		Bytes: s.Bytes - earlier.Bytes, Conditions: s.Conditions - earlier.Conditions, Sets: s.Sets - earlier.Sets,
		Payloads: s.Payloads - earlier.Payloads, Parts: s.Parts - earlier.Parts,
	}
}

// Stats counts from when the view was made.
func (v *RecordView) Stats() Stats {
	plain, enriched := v.plain.Counts(), v.enriched.Counts()
	return Stats{
		Bytes: plain.Bytes + enriched.Bytes, Conditions: v.conditions, Sets: v.sets,
		Payloads: plain.Prunings + enriched.Prunings, Parts: plain.Visited + enriched.Visited,
	}
}

// NewRecordView makes a view without a record. The enricher may be nil: then nothing is known of any probe.
func NewRecordView(enricher Enricher) *RecordView {
	if enricher == nil {
		return &RecordView{}
	}
	return &RecordView{enriched: condition.NewValue(enricher.Enrich)}
}

// Reset replaces the record by another one, or none. What Payload gave is no longer valid.
func (v *RecordView) Reset(record *atlas.Record) {
	v.plain.Reset(record)
	v.enriched.Reset(record)
}

// Record is the record that is viewed.
func (v *RecordView) Record() *atlas.Record { return v.plain.Record() }

// Payload gives the record's value in a projection that Match gave for it. It must not be changed, and is valid until Reset.
func (v *RecordView) Payload(projection Projection) []byte {
	return v.value(projection.Enriched).Document().Prune(projection.Members)
}

// value gives the value as it came in, or enriched.
func (v *RecordView) value(enriched bool) *condition.Value {
	if enriched {
		return &v.enriched
	}
	return &v.plain
}

// project completes a projection by what sets of acceptedFields keep of the record together.
func (v *RecordView) project(projection Projection, sets ...Fields) Projection {
	if !sets[0].KeepsAll() {
		v.sets += len(sets)
		projection.Members = v.value(projection.Enriched).Document().Select(sets...)
	}
	return projection
}
