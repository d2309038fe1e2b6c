package condition

import (
	"fmt"
	"strings"
	"unsafe"

	"atlasstream/services/gateway/internal/scalar"
)

// Equals holds if one of the values at a path equals one of the alternatives. It keeps nothing of their texts.
func Equals(path string, alternatives []scalar.Scalar) Condition {
	return &equals{strings.Clone(path), scalar.NewSet(alternatives)}
}

type equals struct {
	path         string
	alternatives scalar.Set
}

func (e *equals) Holds(value *Value) bool { return value.values(e.path).HasAny(&e.alternatives) }
func (e *equals) Member() string          { return e.path }
func (e *equals) Alternatives() int       { return e.alternatives.Count() }
func (e *equals) Size() int               { return int(unsafe.Sizeof(*e)) + len(e.path) + e.alternatives.Size() }

func (e *equals) AppendKey(key []byte) []byte {
	return e.alternatives.AppendKey(fmt.Appendf(key, "equals %q", e.path))
}

// Less holds if one of the numbers at a path is less than a bound.
func Less(path string, bound scalar.Scalar) Condition {
	return &inequality{strings.Clone(path), -1, bound}
}

// Greater holds if one of the numbers at a path is greater than a bound.
func Greater(path string, bound scalar.Scalar) Condition {
	return &inequality{strings.Clone(path), 1, bound}
}

type inequality struct {
	path  string
	order int // of a number that fulfils it to the bound: -1 for less, 1 for greater
	bound scalar.Scalar
}

func (i *inequality) Holds(value *Value) bool {
	return value.values(i.path).HasNumber(i.order, &i.bound)
}
func (i *inequality) Member() string    { return i.path }
func (i *inequality) Alternatives() int { return 1 }
func (i *inequality) Size() int         { return int(unsafe.Sizeof(*i)) + len(i.path) + i.bound.Size() }

func (i *inequality) AppendKey(key []byte) []byte {
	names := [...]string{"less", "equal", "greater"} // by order
	return i.bound.AppendKey(fmt.Appendf(key, "%s %q ", names[i.order+1], i.path))
}
