package subscription

import (
	"atlasstream/services/gateway/internal/jsonpath"

	"atlasstream/pkg/atlas"
)

// Enricher adds to a record's value what the catalog knows of the record's probe, as member "probe". If it knows nothing, it gives the value as it is.
type Enricher interface {
	Enrich(record *atlas.Record) []byte
}

// Subject is a record as subscriptions see it: whatever several of them need is found once, and only when the first of them needs it. It is not safe for
// concurrent use.
type Subject struct {
	plain, enriched lazyValue
	union           union // of the entry that is being matched
	conditions      int
	sets            int
}

// Work is what matching records has taken.
type Work struct {
	Bytes      int // of records that were read to find members, each once for all conditions and once for all acceptedFields
	Conditions int // that were asked about a record
	Sets       int // of acceptedFields that were looked up or united, for a client and a record
	Payloads   int // different ones that records were pruned to
	Parts      int // members and elements that were considered for these
}

// Sub is what has been done since an earlier time.
func (w Work) Sub(earlier Work) Work {
	return Work{
		Bytes: w.Bytes - earlier.Bytes, Conditions: w.Conditions - earlier.Conditions, Sets: w.Sets - earlier.Sets,
		Payloads: w.Payloads - earlier.Payloads, Parts: w.Parts - earlier.Parts,
	}
}

// Work is what has been done since the subject was made.
func (s *Subject) Work() Work {
	plain, enriched := s.plain.document.Work(), s.enriched.document.Work()
	return Work{
		Bytes: plain.Bytes + enriched.Bytes, Conditions: s.conditions, Sets: s.sets,
		Payloads: plain.Prunings + enriched.Prunings, Parts: plain.Visited + enriched.Visited,
	}
}

// NewSubject makes a subject without a record. The enricher may be nil: then nothing is known of any probe.
func NewSubject(enricher Enricher) *Subject {
	return &Subject{enriched: lazyValue{enricher: enricher}}
}

// Reset makes another record the subject, or none. What Payload gave is not valid any more.
func (s *Subject) Reset(record *atlas.Record) {
	s.plain.reset(record)
	s.enriched.reset(record)
}

// Record is the record that is the subject.
func (s *Subject) Record() *atlas.Record { return s.plain.record }

// Payload gives the record's value in a form that Match gave for it. It must not be changed, and is valid until Reset.
func (s *Subject) Payload(form Form) []byte { return s.value(form.Enriched).load().Prune(form.Members) }

// value gives the value as it came in, or enriched.
func (s *Subject) value(enriched bool) *lazyValue {
	if enriched {
		return &s.enriched
	}
	return &s.plain
}

// selectMembers gives what sets of acceptedFields keep together.
func (s *Subject) selectMembers(enriched bool, sets []Fields) jsonpath.Selection {
	s.sets += len(sets)
	return s.value(enriched).load().Select(sets...)
}
