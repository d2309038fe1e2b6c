package subscription

import (
	"cmp"
	"slices"
	"strings"
)

// alternatives are what a value may be equal to, in little more memory than the parameters had.
type alternatives struct {
	numbers []float64 // sorted, each once
	texts   []string  // sorted, each once; with the numbers that are not exact
}

func newAlternatives(scalars []scalar) alternatives {
	numbers, texts := appendSorted(nil, nil, scalars)
	return alternatives{numbers: slices.Clone(numbers), texts: pack(texts)}
}

// appendSorted appends scalars to two empty lists, and sorts these, each value once.
func appendSorted(numbers []float64, texts []string, scalars []scalar) ([]float64, []string) {
	for i := range scalars {
		if scalars[i].exact {
			numbers = append(numbers, scalars[i].number)
		} else {
			texts = append(texts, scalars[i].comparedText())
		}
	}
	slices.Sort(numbers)
	slices.Sort(texts)
	return slices.Compact(numbers), slices.Compact(texts)
}

// pack copies texts into one piece of memory.
func pack(texts []string) []string {
	packed, joined := make([]string, len(texts)), strings.Clone(strings.Join(texts, "")) // Join does not copy a single text
	for i, text := range texts {
		packed[i], joined = joined[:len(text)], joined[len(text):]
	}
	return packed
}

func (a *alternatives) count() int { return len(a.numbers) + len(a.texts) }

func (a *alternatives) has(value *scalar) (has bool) {
	switch {
	case !value.exact:
		if len(a.texts) > 0 {
			_, has = search(a.texts, value.comparedText())
		}
	case len(a.numbers) == 1:
		has = a.numbers[0] == value.number
	default:
		_, has = search(a.numbers, value.number)
	}
	return has
}

// hasAny tells whether one of the values is an alternative.
func (a *alternatives) hasAny(values *sortedScalars) bool {
	return meet(a.numbers, values.numbers) || meet(a.texts, values.texts)
}

// meet tells whether two sorted lists have something in common. It takes a step for each element of the shorter one, and searches the longer one for it.
func meet[E cmp.Ordered](some, others []E) bool {
	if len(some) > len(others) {
		some, others = others, some
	}
	for _, element := range some {
		at, found := search(others, element)
		if found {
			return true
		}
		others = others[at:]
	}
	return false
}

// search is slices.BinarySearch without regard to NaN, which takes time with strings too.
func search[E cmp.Ordered](sorted []E, wanted E) (at int, found bool) {
	end := len(sorted)
	for at < end {
		if middle := (at + end) / 2; sorted[middle] < wanted {
			at = middle + 1
		} else {
			end = middle
		}
	}
	return at, at < len(sorted) && sorted[at] == wanted
}

// sortedScalars are a record's values of one member, sorted after many conditions have compared them one by one: further conditions need not compare all.
type sortedScalars struct {
	numbers         []float64
	texts           []string // with the numbers that are not exact
	least, greatest scalar   // of all numbers, if there are any
}

func (s *sortedScalars) sort(scalars []scalar) {
	for i := range scalars {
		s.extend(&scalars[i])
	}
	s.numbers, s.texts = appendSorted(s.numbers, s.texts, scalars)
}

// extend extends the range from the least to the greatest number to another one.
func (s *sortedScalars) extend(value *scalar) {
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

func (s *sortedScalars) clear() {
	s.least, s.greatest = scalar{}, scalar{}
	s.numbers, s.texts = emptied(s.numbers), emptied(s.texts)
}

// maxValues is for how many values of a member there is memory from record to record.
const maxValues = 1024

// emptied lets go of a record, and of memory that few records need.
func emptied[E any](list []E) []E {
	clear(list)
	if cap(list) > maxValues {
		return nil
	}
	return list[:0]
}
