package jsonpath

import (
	"slices"
	"strings"
	"unique"
)

// Limits of a path.
const (
	MaxLength = 100 // bytes
	MaxDepth  = 8   // names
)

// separator separates the paths of a set.
const separator = "\x00"

// IsPath reports whether a text is a path within the limits. Empty names, and names with the byte 0, cannot be part of one.
func IsPath(text string) bool {
	names := strings.Split(text, ".")
	return len(text) <= MaxLength && len(names) <= MaxDepth && !slices.Contains(names, "") && !strings.Contains(text, separator)
}

// PathSet is a set of paths to keep when a value is pruned. The zero value keeps every member. Equal sets are equal values.
type PathSet struct {
	key unique.Handle[string] // the paths, sorted and joined
}

// NewPathSet makes the set of the given paths, of which there must be at least one.
func NewPathSet(paths []string) PathSet {
	sorted := slices.Clone(paths)
	slices.Sort(sorted)
	return PathSet{key: unique.Make(strings.Join(slices.Compact(sorted), separator))}
}

// KeepsAll reports whether this is the zero value.
func (s PathSet) KeepsAll() bool { return s == PathSet{} }

// Paths are the paths, sorted; none for the zero value.
func (s PathSet) Paths() []string {
	if s.KeepsAll() {
		return nil
	}
	return strings.Split(s.key.Value(), separator)
}

// Count is the number of paths, 0 for the zero value.
func (s PathSet) Count() int {
	if s.KeepsAll() {
		return 0
	}
	return strings.Count(s.key.Value(), separator) + 1
}

// Size is the memory that the paths take, in bytes.
func (s PathSet) Size() int {
	if s.KeepsAll() {
		return 0
	}
	return len(s.key.Value())
}

// unite gives the paths of several sets, none of which is the zero value.
func unite(sets []PathSet) PathSet {
	if len(sets) == 1 {
		return sets[0]
	}
	var paths []string
	for _, set := range sets {
		paths = append(paths, set.Paths()...)
	}
	return NewPathSet(paths)
}

// follow tells whether sorted paths include a name itself, and which of them continue after it.
func follow(sorted []string, name string) (ends bool, longer []string) {
	_, ends = slices.BinarySearch(sorted, name)
	first, _ := slices.BinarySearch(sorted, name+".")
	end, _ := slices.BinarySearch(sorted, name+"/") // the byte after the dot
	return ends, sorted[first:end]
}
