package subscription

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"strings"
)

// alternatives are what a value may be equal to, in little more memory than they were written in.
type alternatives struct {
	numbers []float64 // sorted, each once
	texts   textSet   // those of numbers that are not exact among them
}

// textSet has texts one behind another, sorted, each once.
type textSet struct {
	joined string
	ends   []uint32
}

func newAlternatives(leaves []leaf) alternatives {
	var numbers []float64
	var texts []string
	for i := range leaves {
		if leaves[i].isFloat() {
			numbers = append(numbers, leaves[i].number)
		} else {
			texts = append(texts, string(leaves[i].comparedText()))
		}
	}
	slices.Sort(numbers)
	slices.Sort(texts)
	return alternatives{numbers: slices.Clone(slices.Compact(numbers)), texts: newTextSet(slices.Compact(texts))}
}

// newTextSet takes texts that are sorted, each once.
func newTextSet(texts []string) textSet {
	if len(texts) == 0 {
		return textSet{}
	}
	set := textSet{joined: strings.Join(texts, ""), ends: make([]uint32, len(texts))}
	end := 0
	for i, text := range texts {
		end += len(text)
		set.ends[i] = uint32(end)
	}
	return set
}

func (t *textSet) at(i int) string {
	begin := uint32(0)
	if i > 0 {
		begin = t.ends[i-1]
	}
	return t.joined[begin:t.ends[i]]
}

// search finds a text, or where it would stand, from a place on.
func (t *textSet) search(from int, text []byte) (at int, found bool) {
	at = from + sort.Search(len(t.ends)-from, func(i int) bool { return t.at(from+i) >= string(text) })
	return at, at < len(t.ends) && t.at(at) == string(text)
}

func (a *alternatives) count() int { return len(a.numbers) + len(a.texts.ends) }

func (a *alternatives) has(value *leaf) (has bool) {
	switch {
	case !value.isFloat():
		if len(a.texts.ends) > 0 {
			_, has = a.texts.search(0, value.comparedText())
		}
	case len(a.numbers) == 1:
		has = a.numbers[0] == value.number
	default:
		_, has = slices.BinarySearch(a.numbers, value.number)
	}
	return has
}

// hasAny tells whether one of the values is an alternative. It takes a step for each of the fewer of the two, and looks it up among the more.
func (a *alternatives) hasAny(values *sortedLeaves) bool {
	return meet(a.numbers, values.numbers) || a.texts.meets(values.texts)
}

// meet tells whether two sorted lists have something in common.
func meet[E cmp.Ordered](some, others []E) bool {
	if len(some) > len(others) {
		some, others = others, some
	}
	for _, element := range some {
		at, found := slices.BinarySearch(others, element)
		if found {
			return true
		}
		others = others[at:]
	}
	return false
}

func (t *textSet) meets(sorted [][]byte) bool {
	if len(t.ends) < len(sorted) {
		return t.meetsMore(sorted)
	}
	from := 0
	for _, text := range sorted {
		at, found := t.search(from, text)
		if found {
			return true
		}
		from = at
	}
	return false
}

// meetsMore is meets where there are more texts than in the set.
func (t *textSet) meetsMore(sorted [][]byte) bool {
	for i := range t.ends {
		wanted := t.at(i)
		at := sort.Search(len(sorted), func(i int) bool { return string(sorted[i]) >= wanted })
		if at < len(sorted) && string(sorted[at]) == wanted {
			return true
		}
		sorted = sorted[at:]
	}
	return false
}

// sortedLeaves are the values of a member in a record, for conditions that come when many have been asked about it: each is answered without a look at
// all values.
type sortedLeaves struct {
	numbers         []float64
	texts           [][]byte // those of numbers that are not exact among them
	least, greatest leaf     // of all numbers, if there are any
}

// sort takes in values.
func (s *sortedLeaves) sort(leaves []leaf) {
	for i := range leaves {
		s.reach(&leaves[i])
		if leaves[i].isFloat() {
			s.numbers = append(s.numbers, leaves[i].number)
		} else {
			s.texts = append(s.texts, leaves[i].comparedText())
		}
	}
	slices.Sort(s.numbers)
	slices.SortFunc(s.texts, bytes.Compare)
	s.numbers, s.texts = slices.Compact(s.numbers), slices.CompactFunc(s.texts, bytes.Equal)
}

// reach has the least and the greatest number take one in.
func (s *sortedLeaves) reach(value *leaf) {
	if !value.numeric {
		return
	}
	if !s.least.numeric || value.compare(&s.least) < 0 {
		s.least = *value
	}
	if !s.greatest.numeric || value.compare(&s.greatest) > 0 {
		s.greatest = *value
	}
}

func (s *sortedLeaves) empty() {
	s.least, s.greatest = leaf{}, leaf{}
	s.numbers, s.texts = emptied(s.numbers), emptied(s.texts)
}
