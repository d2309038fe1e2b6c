package subscription

import (
	"slices"
	"strings"
	"unique"
)

// Fields is a set of members, by their paths, that a message is pruned to. The zero value keeps every member. Equal sets are equal values.
type Fields struct {
	key unique.Handle[string] // of the paths, sorted and joined
}

const fieldSeparator = "\x00"

// NewFields makes the set of the given paths, of which there must be at least one.
func NewFields(paths []string) Fields {
	sorted := slices.Clone(paths)
	slices.Sort(sorted)
	return Fields{key: unique.Make(strings.Join(slices.Compact(sorted), fieldSeparator))}
}

// Count is the number of paths, 0 for every member.
func (f Fields) Count() int {
	if f.all() {
		return 0
	}
	return strings.Count(f.key.Value(), fieldSeparator) + 1
}

func (f Fields) all() bool { return f == Fields{} }

func (f Fields) appendTo(paths []string) []string {
	if f.all() {
		return paths
	}
	path, rest, more := strings.Cut(f.key.Value(), fieldSeparator)
	for more {
		paths = append(paths, path)
		path, rest, more = strings.Cut(rest, fieldSeparator)
	}
	return append(paths, path)
}

// unite keeps what any of several sets keeps, none of which keeps every member.
func unite(sets []Fields) Fields {
	var paths []string
	for _, set := range sets {
		paths = set.appendTo(paths)
	}
	return NewFields(paths)
}
