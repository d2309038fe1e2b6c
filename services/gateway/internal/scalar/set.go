package scalar

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// Set is a set of scalars, in little more memory than their texts had.
type Set struct {
	numbers []float64 // sorted, each once
	texts   []string  // sorted, each once; with the numbers that are not exact
}

// NewSet makes a set, which keeps nothing of the scalars' texts.
func NewSet(scalars []Scalar) Set {
	numbers, texts := appendSorted(nil, nil, scalars)
	return Set{numbers: slices.Clone(numbers), texts: pack(texts)}
}

// Count is how many scalars are in the set.
func (s *Set) Count() int { return len(s.numbers) + len(s.texts) }

// Size is the memory that the set takes beside itself, in bytes.
func (s *Set) Size() int {
	size := 8 * len(s.numbers)
	for _, text := range s.texts {
		size += int(unsafe.Sizeof(text)) + len(text)
	}
	return size
}

// AppendKey appends the same for equal sets.
func (s *Set) AppendKey(key []byte) []byte {
	for _, number := range s.numbers {
		key = strconv.AppendFloat(append(key, ' '), number, 'g', -1, 64)
	}
	for _, text := range s.texts {
		key = strconv.AppendQuote(append(key, ' '), text)
	}
	return key
}

// appendSorted appends scalars to two empty lists, and sorts these, each value once.
func appendSorted(numbers []float64, texts []string, scalars []Scalar) ([]float64, []string) {
	for i := range scalars {
		if scalars[i].isExact {
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

func (s *Set) has(value *Scalar) (has bool) {
	switch {
	case !value.isExact:
		if len(s.texts) > 0 {
			_, has = search(s.texts, value.comparedText())
		}
	case len(s.numbers) == 1:
		has = s.numbers[0] == value.number
	default:
		_, has = search(s.numbers, value.number)
	}
	return has
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
