package subscription

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Fields is a set of members that a message is pruned to. The zero value keeps every member.
type Fields struct {
	key string // the names, sorted and joined; no two sets share it
}

const fieldSeparator = "\x00"

// NewFields makes the set of the given names, of which there must be at least one.
func NewFields(names []string) Fields {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return Fields{key: strings.Clone(strings.Join(slices.Compact(sorted), fieldSeparator))} // the names may be parts of something large
}

// Count is the number of names, 0 for every member.
func (f Fields) Count() int {
	if f.All() {
		return 0
	}
	return len(f.names())
}

// All tells whether every member is kept.
func (f Fields) All() bool { return f.key == "" }

// Union keeps what either of the two sets keeps.
func (f Fields) Union(other Fields) Fields {
	if f.All() || other.All() {
		return Fields{}
	}
	if f == other {
		return f
	}
	return NewFields(append(f.names(), other.names()...))
}

// Prune gives a JSON object with the members of value that the set keeps, in their order and as they are written. value must be a valid object.
func (f Fields) Prune(value []byte) []byte {
	if f.All() {
		return value
	}
	names := f.names()
	pruned := append(make([]byte, 0, len(value)), '{')
	gjson.ParseBytes(value).ForEach(func(name, member gjson.Result) bool {
		if !slices.Contains(names, name.String()) {
			return true
		}
		if len(pruned) > 1 {
			pruned = append(pruned, ',')
		}
		pruned = append(append(pruned, name.Raw...), ':')
		pruned = append(pruned, member.Raw...)
		return true
	})
	return append(pruned, '}')
}

func (f Fields) names() []string { return strings.Split(f.key, fieldSeparator) }
