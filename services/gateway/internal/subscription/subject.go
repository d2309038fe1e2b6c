package subscription

import "atlasstream/pkg/atlas"

// Enricher adds to a record's value what the registry knows of the record's probe, as member "probe". It gives the value as it is if that is nothing.
type Enricher interface {
	Enrich(record *atlas.Record) []byte
}

// Subject is a record as subscriptions see it: whatever several of them look up is found once, and only when the first of them asks. It is not safe for
// concurrent use.
type Subject struct {
	plain, enriched view
	union           union // of the entry that is asked
	pruner          pruner
	memory          []byte // of the payloads
	work            Work
}

// Work is what subscriptions have had done with records, which is what they cost.
type Work struct {
	Bytes      int // of records that were read to find members, each once for all conditions and once for all prunings
	Conditions int // that were asked about a record
	Sets       int // of fields that were looked up or united, for a client and a record
	Payloads   int // to which a record was pruned
	Parts      int // members and elements that were looked at for that
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
	done := s.work
	done.Parts = s.pruner.visited
	for _, view := range []*view{&s.plain, &s.enriched} {
		done.Bytes += view.bytesRead
	}
	return done
}

// maxMemory bounds what a subject keeps for the payloads of the next record, in bytes.
const maxMemory = 1 << 20

// NewSubject makes a subject without a record. Without an enricher, which is nil then, nothing is known of any probe.
func NewSubject(enricher Enricher) *Subject {
	return &Subject{enriched: view{enricher: enricher}}
}

// Reset makes another record the subject, or none. What Payload gave is not valid any more.
func (s *Subject) Reset(record *atlas.Record) {
	s.plain.reset(record)
	s.enriched.reset(record)
	s.memory = s.memory[:0]
	if cap(s.memory) > maxMemory {
		s.memory = nil
	}
}

// Record is the record that is the subject.
func (s *Subject) Record() *atlas.Record { return s.plain.record }

// view gives the value as it came, or enriched.
func (s *Subject) view(enriched bool) *view {
	if enriched {
		return &s.enriched
	}
	return &s.plain
}

// Payload gives the record's value in a form that Match gave for it. It must not be changed, and is valid until Reset.
func (s *Subject) Payload(form Form) []byte {
	view := s.view(form.Enriched)
	if form.Projection == 0 {
		return view.bytes()
	}
	wanted := view.wanted.at(form.Projection)
	if wanted.payload == nil {
		s.work.Payloads++
		begin := len(s.memory)
		s.memory = s.pruner.prune(view, wanted, s.memory)
		wanted.payload = s.memory[begin:len(s.memory):len(s.memory)]
	}
	return wanted.payload
}
