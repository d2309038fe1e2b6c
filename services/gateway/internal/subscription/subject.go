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
	pruner          pruner
	payloads        map[Form][]byte // pruned ones
	last            Form
	lastPayload     []byte
	memory          []byte // of the payloads
}

// maxMemory bounds what a subject keeps for the payloads of the next record, in bytes.
const maxMemory = 1 << 20

// NewSubject makes a subject without a record. Without an enricher, which is nil then, nothing is known of any probe.
func NewSubject(enricher Enricher) *Subject {
	return &Subject{enriched: view{enricher: enricher}, payloads: make(map[Form][]byte)}
}

// Reset makes another record the subject, or none. What Payload gave is not valid any more.
func (s *Subject) Reset(record *atlas.Record) {
	s.plain.reset(record)
	s.enriched.reset(record)
	clear(s.payloads)
	s.lastPayload = nil
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

// Payload gives the record's value in a form. It must not be changed, and is valid until Reset.
func (s *Subject) Payload(form Form) []byte {
	form.Buffered, form.Cursor = false, false // it is the same payload
	if form.Fields.all() {
		return s.view(form.Enriched).bytes()
	}
	if s.lastPayload == nil || s.last != form {
		s.last, s.lastPayload = form, s.prunedTo(form)
	}
	return s.lastPayload
}

func (s *Subject) prunedTo(form Form) []byte {
	payload, known := s.payloads[form]
	if !known {
		begin := len(s.memory)
		s.memory = s.pruner.prune(s.view(form.Enriched).bytes(), form.Fields, s.memory)
		payload = s.memory[begin:len(s.memory):len(s.memory)]
		s.payloads[form] = payload
	}
	return payload
}
