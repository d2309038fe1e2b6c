package subscription

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
)

// shapes has the members that records have, by their paths, and where their values are in the record at hand. Records of a type have the same members in
// the same order again and again: so a name is not read, but compared with the one that was there the last time. One reading serves all paths.
type shapes struct {
	top    shape
	count  int
	paths  []string // by number; empty for what no path names
	object uint64   // counts objects, of all records
	record uint64   // counts records
	spots  []spot   // of the values that are no containers, in their order
	odd    bool     // the record has names about which shapes cannot tell, and the spots are of no use
}

// shape is a member by its path, which goes through lists as if they were not there.
type shape struct {
	quoted          string   // the member's name, in quotes
	head, mask      uint64   // its first eight bytes, and which of them count
	members         []*shape // of the objects that are here
	first, follower *shape   // of these members, and behind this one in its object, as it was the last time
	object, record  uint64   // the last ones that had this member, and a value of it that is no container
	start, last     int32    // the spots of that record's values
	number          int32    // among all shapes
	path            string   // empty if no path can be so long
}

// spot is where a value begins, and which spot is the next of the same shape.
type spot struct{ at, next int32 }

// What is kept from record to record.
const (
	maxShapes = 1024
	maxSpots  = 4096
)

// reset begins another record.
func (s *shapes) reset() {
	s.record++
	s.odd, s.spots = false, s.spots[:0]
	if cap(s.spots) > maxSpots {
		s.spots = nil
	}
}

// read reads a record's value. What is no object has no members.
func (s *shapes) read(value []byte) {
	if at, found := nextElement(value, 0); found && value[at] == '{' {
		s.readObject(value, at, &s.top, 0)
	}
}

func (s *shapes) readObject(value []byte, at int, of *shape, nesting int) (end int) {
	s.object++
	object, expected := s.object, &of.first
	at, found := nextElement(value, at+1)
	for found {
		member := *expected
		if member == nil || !member.isAt(value, at) {
			member = s.memberAt(value, at, of)
			*expected = member
		}
		if member == nil || member.object == object {
			s.odd = true
			return len(value)
		}
		member.object, expected = object, &member.follower
		begin := behindName(value, at+len(member.quoted))
		at, found = nextElement(value, s.readValue(value, begin, member, nesting))
	}
	return at
}

func (s *shapes) readArray(value []byte, at int, of *shape, nesting int) (end int) {
	at, found := nextElement(value, at+1)
	for found {
		at, found = nextElement(value, s.readValue(value, at, of, nesting))
	}
	return at
}

// readValue reads the value that begins at a place, and gives where it ends.
func (s *shapes) readValue(value []byte, at int, of *shape, nesting int) (end int) {
	if at == len(value) {
		return at
	}
	switch kind := value[at]; {
	case kind == '"':
		s.note(of, at)
		return stringEnd(value, at)
	case kind != '{' && kind != '[':
		s.note(of, at)
		return wordEnd(value, at)
	case nesting == maxNesting:
		return containerEnd(value, at)
	case kind == '{':
		return s.readObject(value, at, of, nesting+1)
	default:
		return s.readArray(value, at, of, nesting+1)
	}
}

// note notes where a value of a shape begins.
func (s *shapes) note(of *shape, at int) {
	number := int32(len(s.spots))
	if of.record == s.record {
		s.spots[of.last].next = number
	} else {
		of.record, of.start = s.record, number
	}
	of.last = number
	s.spots = append(s.spots, spot{at: int32(at)})
}

// memberAt gives the member that begins at a place, or nil if shapes cannot tell about it: its name has escapes, or a dot, which may fit in two ways.
func (s *shapes) memberAt(value []byte, at int, of *shape) *shape {
	for _, member := range of.members {
		if member.isAt(value, at) {
			return member
		}
	}
	end, escaped := textEnd(value, at+1)
	name := value[at+1 : end]
	if escaped || end == len(value) || len(name) > MaxPathLength || bytes.IndexByte(name, '.') >= 0 || s.areMany() {
		return nil
	}
	added := newShape(string(value[at : end+1]))
	added.number, added.path = int32(s.count), of.pathOf(string(name))
	of.members, s.paths = append(of.members, added), append(s.paths, added.path)
	s.count++
	return added
}

// pathOf gives the path of a member of the objects that are here, or nothing if no path names it.
func (s *shape) pathOf(name string) string {
	switch isTop := s.quoted == ""; {
	case isTop:
		return name
	case s.path == "" || name == "" || len(s.path)+len(".")+len(name) > MaxPathLength:
		return ""
	default:
		return s.path + "." + name
	}
}

func (s *shapes) areMany() bool { return s.count >= maxShapes }

func newShape(quoted string) *shape {
	var head [8]byte
	unused := 8 * (len(head) - copy(head[:], quoted))
	return &shape{quoted: quoted, head: binary.LittleEndian.Uint64(head[:]), mask: math.MaxUint64 >> unused}
}

// isAt tells whether the member begins at a place. Most names are short, and told by their first eight bytes.
func (s *shape) isAt(value []byte, at int) bool {
	if at+8 <= len(value) {
		if binary.LittleEndian.Uint64(value[at:])&s.mask != s.head {
			return false
		}
		if len(s.quoted) <= 8 {
			return true
		}
	}
	end := at + len(s.quoted)
	return end <= len(value) && string(value[at:end]) == s.quoted
}

// find gives the shape that a path leads to, nil if no record had it.
func (s *shape) find(path string) *shape {
	name, rest, more := strings.Cut(path, ".")
	for _, member := range s.members {
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
