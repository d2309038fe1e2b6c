package subscription

import (
	"fmt"
	"strconv"
)

// condition is something that a record must fulfil.
type condition interface {
	holds(value *lazyValue) bool
	appendKey(key []byte) []byte // conditions that ask for the same append the same
	member() string              // that it asks about, or nothing
	size() int                   // of its memory, in bytes
}

// ofType holds for records of a type.
type ofType string

func (t ofType) holds(value *lazyValue) bool { return value.record.Type == string(t) }
func (t ofType) appendKey(key []byte) []byte { return fmt.Appendf(key, "type %s", string(t)) }

// since holds for records of a time, in Unix milliseconds, and later.
type since int64

func (s since) holds(value *lazyValue) bool { return value.record.Time.UnixMilli() >= int64(s) }
func (s since) appendKey(key []byte) []byte { return fmt.Appendf(key, "since %d", int64(s)) }

// equals holds if one of the values at a path is one of the alternatives.
type equals struct {
	path string
	alternatives
}

func newEquals(path string, scalars []scalar) *equals {
	return &equals{path: path, alternatives: newAlternatives(scalars)}
}

func (e *equals) holds(value *lazyValue) bool {
	values := value.values(e.path)
	if sorted := values.sortedIfMany(); sorted != nil {
		return e.hasAny(sorted)
	}
	for i := range values.scalars {
		if e.has(&values.scalars[i]) {
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
	for _, text := range e.texts {
		key = strconv.AppendQuote(append(key, ' '), text)
	}
	return key
}

// inequality holds if one of the numbers at a path is less or greater than a bound.
type inequality struct {
	path     string
	operator operator
	bound    scalar
}

type operator string

const (
	equal   operator = "equal" // of conditions of type equals
	less    operator = "less"
	greater operator = "greater"
)

func (i *inequality) holds(value *lazyValue) bool {
	values := value.values(i.path)
	if sorted := values.sortedIfMany(); sorted != nil {
		return sorted.least.numeric && (i.holdsFor(&sorted.least) || i.holdsFor(&sorted.greatest))
	}
	for at := range values.scalars {
		if values.scalars[at].numeric && i.holdsFor(&values.scalars[at]) {
			return true
		}
	}
	return false
}

func (i *inequality) holdsFor(number *scalar) bool {
	if number.exact && i.bound.exact { // as most are: then their floats tell
		if i.operator == less {
			return number.number < i.bound.number
		}
		return number.number > i.bound.number
	}
	if i.operator == less {
		return number.compare(&i.bound) < 0
	}
	return number.compare(&i.bound) > 0
}

func (i *inequality) appendKey(key []byte) []byte {
	key = fmt.Appendf(key, "%s %q ", i.operator, i.path)
	if i.bound.exact {
		return strconv.AppendFloat(key, i.bound.number, 'g', -1, 64)
	}
	return strconv.AppendQuote(key, i.bound.comparedText())
}
