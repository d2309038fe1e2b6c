package subscription

import (
	"net/netip"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/jsonpath"
)

// maxMembers is how many members a lazyValue keeps from record to record.
const maxMembers = 4096

// lazyValue is a record's value, as it came in or enriched, with what conditions have found in it so far.
type lazyValue struct {
	enricher  Enricher // nil for the value as it came in
	record    *atlas.Record
	loaded    bool
	document  jsonpath.Document // once loaded
	members   map[string]*memberValues
	searched  []*memberValues // of this record
	texts     []string
	addresses [roles]addresses
}

// memberValues are the values that a path leads to.
type memberValues struct {
	path       jsonpath.Path
	scalars    []scalar
	known      bool          // what the path leads to in this record
	conditions int           // how many have been evaluated on them
	sorted     sortedScalars // the values, once isSorted
	isSorted   bool
}

// addresses are those of a role in a record.
type addresses struct {
	list       []netip.Addr
	known      bool
	conditions int // how many have been evaluated on them
	isSorted   bool
}

const (
	// fewValues are compared one by one by each condition.
	fewValues = 8
	// conditionsBeforeSorting is how many conditions compare all values before these are sorted for further conditions.
	conditionsBeforeSorting = 8
)

// reset prepares for another record.
func (v *lazyValue) reset(record *atlas.Record) {
	if v.record = record; v.loaded {
		v.loaded = false
		v.document.Reset()
	}
	for _, member := range v.searched {
		member.clear()
	}
	v.searched, v.texts = emptied(v.searched), emptied(v.texts)
	if len(v.members) > maxMembers {
		v.members = nil
	}
	for role := range v.addresses {
		v.addresses[role].known = false
	}
}

func (m *memberValues) clear() {
	m.scalars, m.known, m.conditions = emptied(m.scalars), false, 0
	if m.isSorted {
		m.isSorted = false
		m.sorted.clear()
	}
}

// load gives the document with the value in it.
func (v *lazyValue) load() *jsonpath.Document {
	if !v.loaded {
		value := v.record.Value
		if v.enricher != nil {
			value = v.enricher.Enrich(v.record)
		}
		v.loaded = true
		v.document.Load(value)
	}
	return &v.document
}

// values gives the values that a path leads to.
func (v *lazyValue) values(path string) *memberValues {
	member := v.member(path)
	if !member.known {
		member.known = true
		v.searched = append(v.searched, member)
		member.parse(v.find(member))
	}
	return member
}

// find gives the texts that a path leads to; they are valid until the next find.
func (v *lazyValue) find(member *memberValues) []string {
	clear(v.texts) // fewer may follow, and those behind them would keep the record
	v.texts = v.load().Find(&member.path, v.texts[:0])
	return v.texts
}

func (v *lazyValue) member(path string) *memberValues {
	if member := v.members[path]; member != nil {
		return member
	}
	return v.addMember(path)
}

func (v *lazyValue) addMember(path string) *memberValues {
	if v.members == nil {
		v.members = make(map[string]*memberValues)
	}
	member := &memberValues{path: jsonpath.NewPath(path)}
	v.members[path] = member
	return member
}

// parse parses texts, one that arrays repeat only once.
func (m *memberValues) parse(texts []string) {
	for i, text := range texts {
		if i > 0 && text == texts[i-1] {
			m.scalars = append(m.scalars, m.scalars[i-1])
		} else {
			m.scalars = append(m.scalars, newScalar(text))
		}
	}
}

// sortedIfMany gives the values sorted if that is faster for one more condition than to compare all of them, else nil.
func (m *memberValues) sortedIfMany() *sortedScalars {
	if len(m.scalars) <= fewValues {
		return nil
	}
	m.conditions++
	if m.conditions <= conditionsBeforeSorting {
		return nil
	}
	if !m.isSorted {
		m.isSorted = true
		m.sorted.sort(m.scalars)
	}
	return &m.sorted
}
