package condition

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/scalar"
)

// Value is the value of one record after another, with what conditions have found in it so far. It is not safe for concurrent use.
type Value struct {
	enrich    func(*atlas.Record) []byte // nil for the value as it came in
	record    *atlas.Record
	isLoaded  bool
	document  jsonpath.Document // once loaded
	members   map[string]*member
	searched  []*member // of this record
	addresses [roles]addresses
}

// member is where a path leads to.
type member struct {
	path    jsonpath.Path
	values  scalar.Values
	isKnown bool // in this record
}

// maxMembers is how many members a Value keeps from record to record.
const maxMembers = 4096

// NewValue makes a Value without a record. Enrich gives the value of a record; nil for the value as it came in.
func NewValue(enrich func(*atlas.Record) []byte) Value { return Value{enrich: enrich} }

// Reset replaces the record by another one, or none.
func (v *Value) Reset(record *atlas.Record) {
	if v.record = record; v.isLoaded {
		v.isLoaded = false
		v.document.Reset()
	}
	for _, member := range v.searched {
		member.isKnown = false
		member.values.Clear()
	}
	v.searched = v.searched[:0]
	if len(v.members) > maxMembers {
		v.members, v.searched = nil, nil
	}
	for role := range v.addresses {
		v.addresses[role].isKnown = false
	}
}

// Record is the record whose value it is.
func (v *Value) Record() *atlas.Record { return v.record }

// Counts counts the work on all records.
func (v *Value) Counts() jsonpath.Counts { return v.document.Counts() }

// Document is the document with the value in it.
func (v *Value) Document() *jsonpath.Document {
	if !v.isLoaded {
		value := v.record.Value
		if v.enrich != nil {
			value = v.enrich(v.record)
		}
		v.isLoaded = true
		v.document.Load(value)
	}
	return &v.document
}

// values gives the values that a path leads to.
func (v *Value) values(path string) *scalar.Values {
	member := v.member(path)
	if !member.isKnown {
		member.isKnown = true
		v.searched = append(v.searched, member)
		member.values.Add(v.Document().Find(&member.path))
	}
	return &member.values
}

func (v *Value) member(path string) *member {
	if known := v.members[path]; known != nil {
		return known
	}
	return v.addMember(path)
}

func (v *Value) addMember(path string) *member {
	if v.members == nil {
		v.members = make(map[string]*member)
	}
	added := &member{path: jsonpath.NewPath(path)}
	v.members[path] = added
	return added
}
