package subscription

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// condition is one thing that a record must fulfil.
type condition interface {
	holds(v *view) bool
	appendKey(key []byte) []byte // conditions that ask for the same have the same key
}

// ofType holds for records of a type.
type ofType string

func (t ofType) holds(v *view) bool          { return v.record.Type == string(t) }
func (t ofType) appendKey(key []byte) []byte { return fmt.Appendf(key, "type %s", string(t)) }

// equals holds if one of the values at a path is one of the alternatives.
type equals struct {
	path    string
	numbers []float64 // sorted, each once
	texts   [][]byte  // likewise
}

func newEquals(path string, alternatives []leaf) *equals {
	e := &equals{path: path}
	for _, alternative := range alternatives {
		if alternative.numeric {
			e.numbers = append(e.numbers, alternative.number)
		} else {
			e.texts = append(e.texts, alternative.text)
		}
	}
	slices.Sort(e.numbers)
	e.numbers = slices.Compact(e.numbers)
	slices.SortFunc(e.texts, bytes.Compare)
	e.texts = slices.CompactFunc(e.texts, bytes.Equal)
	return e
}

func (e *equals) holds(v *view) bool {
	leaves := v.find(e.path)
	for i := range leaves {
		if e.has(&leaves[i]) {
			return true
		}
	}
	return false
}

func (e *equals) has(value *leaf) (has bool) {
	switch {
	case !value.numeric:
		_, has = slices.BinarySearchFunc(e.texts, value.text, bytes.Compare)
	case len(e.numbers) == 1:
		has = e.numbers[0] == value.number
	default:
		_, has = slices.BinarySearch(e.numbers, value.number)
	}
	return has
}

func (e *equals) appendKey(key []byte) []byte {
	key = fmt.Appendf(key, "equals %q", e.path)
	for _, number := range e.numbers {
		key = strconv.AppendFloat(append(key, ' '), number, 'g', -1, 64)
	}
	for _, text := range e.texts {
		key = strconv.AppendQuote(append(key, ' '), string(text))
	}
	return key
}

// beyond holds if one of the numbers at a path lies on the given side of a bound.
type beyond struct {
	path  string
	side  side
	bound float64
}

type side string

const (
	less    side = "less"
	greater side = "greater"
)

func (b *beyond) holds(v *view) bool {
	leaves := v.find(b.path)
	for i := range leaves {
		if leaves[i].numeric && b.reaches(leaves[i].number) {
			return true
		}
	}
	return false
}

func (b *beyond) reaches(number float64) bool {
	if b.side == less {
		return number < b.bound
	}
	return number > b.bound
}

func (b *beyond) appendKey(key []byte) []byte {
	return strconv.AppendFloat(fmt.Appendf(key, "%s %q ", b.side, b.path), b.bound, 'g', -1, 64)
}
