package jsonpath

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
)

// schema has the members of all values so far, by their paths, and where those of the current value are.
type schema struct {
	top    schemaMember
	count  int
	paths  []string // by number of the member; empty if no path leads to it
	object uint64   // counts objects, of all values
	value  uint64   // counts values

	// Of the current value:
	irregular bool       // it has names that the schema cannot represent: the following is of no use
	scalars   []position // in their order
	nodes     []node     // of the whole value, in their order: a container before what is in it
	wantNodes bool       // what is being read: nodes, or scalars
}

// schemaMember is a member by its path, through arrays as if they were not there.
type schemaMember struct {
	quoted      string          // the name, in quotes
	head, mask  uint64          // its first eight bytes, and which of them count
	members     []*schemaMember // of the objects that are its values
	first, next *schemaMember   // the first of these members, and the one after this in its object, as they were the last time
	object      uint64          // the last object with this member
	value       uint64          // the last value of which start and last are
	start, last int32           // of this member's scalars, the indices of the first and the last
	number      int32           // counts members
	path        string          // empty if it is longer than a path may be
}

// position is the offset of a scalar, and the index of the next one of the same member.
type position struct{ at, next int32 }

// node is a member of an object or an element of an array. All but number are offsets in the value, and after is an index among the nodes.
type node struct {
	number        int32 // of the schema's member
	from, at, end int32 // the opening quote of its name, if it has one, else its value; its value; the byte after it
	after         int32 // the first node that is not inside it
}

// What is kept from value to value.
const (
	maxMembers   = 1024
	maxPositions = 4096
	maxNodes     = 4096
)

func newSchema() *schema { return &schema{value: 1} } // the members that are in no value have 0

// isFull tells that the schema must be replaced by a new one.
func (s *schema) isFull() bool { return s.count >= maxMembers }

// reset prepares for another value.
func (s *schema) reset() {
	s.value++
	s.irregular, s.scalars, s.nodes = false, s.scalars[:0], s.nodes[:0]
	if cap(s.scalars) > maxPositions {
		s.scalars = nil
	}
	if cap(s.nodes) > maxNodes {
		s.nodes = nil
	}
}

// memberAt gives the member at an offset, or nil if the schema cannot represent it: its name has escapes, or a dot, which makes paths ambiguous.
func (s *schema) memberAt(value []byte, at int, of *schemaMember) *schemaMember {
	for _, member := range of.members {
		if member.isAt(value, at) {
			return member
		}
	}
	end, escaped := textEnd(value, at+1)
	name := value[at+1 : end]
	if escaped || end == len(value) || len(name) > MaxLength || bytes.IndexByte(name, '.') >= 0 || s.isFull() {
		return nil
	}
	added := newSchemaMember(string(value[at : end+1]))
	added.number, added.path = int32(s.count), of.pathOf(string(name))
	of.members, s.paths = append(of.members, added), append(s.paths, added.path)
	s.count++
	return added
}

func newSchemaMember(quoted string) *schemaMember {
	var head [8]byte
	unused := 8 * (len(head) - copy(head[:], quoted))
	return &schemaMember{quoted: quoted, head: binary.LittleEndian.Uint64(head[:]), mask: math.MaxUint64 >> unused}
}

// pathOf gives the path of a member of these objects, or nothing if no path leads to it.
func (m *schemaMember) pathOf(name string) string {
	switch isTop := m.quoted == ""; {
	case isTop:
		return name
	case m.path == "" || name == "" || len(m.path)+len(".")+len(name) > MaxLength:
		return ""
	default:
		return m.path + "." + name
	}
}

// isAt tells whether the member is at an offset. Most names are short: their first eight bytes, with the quotes, tell.
func (m *schemaMember) isAt(value []byte, at int) bool {
	if at+8 <= len(value) {
		if binary.LittleEndian.Uint64(value[at:])&m.mask != m.head {
			return false
		}
		if len(m.quoted) <= 8 {
			return true
		}
	}
	end := at + len(m.quoted)
	return end <= len(value) && string(value[at:end]) == m.quoted
}

// find gives the member that a path leads to, nil if no value had it.
func (m *schemaMember) find(path string) *schemaMember {
	name, rest, more := strings.Cut(path, ".")
	for _, member := range m.members {
		switch {
		case member.quoted[1:len(member.quoted)-1] != name:
		case more:
			return member.find(rest)
		default:
			return member
		}
	}
	return nil
}

// Path is a path that is looked for in many values of one Document.
type Path struct {
	text   string
	schema *schema       // in which it was looked up
	count  int           // how many members that had then
	member *schemaMember // nil if it was none of them
}

// NewPath makes a path of a text for which IsPath is true.
func NewPath(text string) Path { return Path{text: text} }

// in gives the member of a schema that the path leads to, if any. It searches again only after the schema has grown.
func (p *Path) in(s *schema) *schemaMember {
	if p.schema != s {
		*p = Path{text: p.text, schema: s}
	}
	if p.member == nil && p.count != s.count {
		p.member, p.count = s.top.find(p.text), s.count
	}
	return p.member
}
