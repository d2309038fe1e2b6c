package subscription

import (
	"fmt"
	"strconv"
)

// condition is one thing that a record must fulfil.
type condition interface {
	holds(v *view) bool
	appendKey(key []byte) []byte       // conditions that ask for the same have the same key
	steps() Steps                      // that it takes to ask beside those of every condition
	looksAt() (path string, asks bool) // which member it asks about, if it asks about one
	kept() int                         // bytes of memory
}

// ofType holds for records of a type.
type ofType string

func (t ofType) holds(v *view) bool          { return v.record.Type == string(t) }
func (t ofType) appendKey(key []byte) []byte { return fmt.Appendf(key, "type %s", string(t)) }

// equals holds if one of the values at a path is one of the alternatives.
type equals struct {
	path string
	alternatives
}

func newEquals(path string, leaves []leaf) *equals {
	return &equals{path: path, alternatives: newAlternatives(leaves)}
}

func (e *equals) holds(v *view) bool {
	values := v.values(e.path)
	if sorted := values.sortedIfMany(); sorted != nil {
		return e.hasAny(sorted)
	}
	for i := range values.leaves {
		if e.has(&values.leaves[i]) {
			return true
		}
	}
	return false
}

func (e *equals) appendKey(key []byte) []byte {
	key = fmt.Appendf(key, "equals %q", e.path)
	for _, number := range e.numbers {
		key = strconv.AppendFloat(append(key, ' '), number, 'g', -1, 64)
	}
	for i := range e.texts.ends {
		key = strconv.AppendQuote(append(key, ' '), e.texts.at(i))
	}
	return key
}

// beyond holds if one of the numbers at a path lies on the given side of a bound.
type beyond struct {
	path  string
	side  side
	bound leaf
}

type side string

const (
	less    side = "less"
	greater side = "greater"
)

func (b *beyond) holds(v *view) bool {
	values := v.values(b.path)
	if sorted := values.sortedIfMany(); sorted != nil {
		return sorted.least.numeric && (b.reaches(&sorted.least) || b.reaches(&sorted.greatest))
	}
	for i := range values.leaves {
		if values.leaves[i].numeric && b.reaches(&values.leaves[i]) {
			return true
		}
	}
	return false
}

func (b *beyond) reaches(number *leaf) bool {
	if number.exact && b.bound.exact { // as most are: then their floats tell
		if b.side == less {
			return number.number < b.bound.number
		}
		return number.number > b.bound.number
	}
	if b.side == less {
		return number.compare(&b.bound) < 0
	}
	return number.compare(&b.bound) > 0
}

func (b *beyond) appendKey(key []byte) []byte {
	key = fmt.Appendf(key, "%s %q ", b.side, b.path)
	if b.bound.exact {
		return strconv.AppendFloat(key, b.bound.number, 'g', -1, 64)
	}
	return strconv.AppendQuote(key, string(b.bound.comparedText()))
}
