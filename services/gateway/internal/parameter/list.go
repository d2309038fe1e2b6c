package parameter

import (
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
)

// MaxIDs is how many IDs a list may have.
const MaxIDs = 100

// IDs reads a number, or a string with one, a list of them, or a string with them between commas. They are given in order, and each once.
func IDs[ID ~int64](value Value) (ids []ID, err error) {
	elements := value.Elements(MaxIDs)
	if len(elements) == 0 {
		return nil, value.Invalid("want 1 to %d IDs", MaxIDs)
	}
	if len(elements) > MaxIDs {
		return nil, Refuse("%s: got more than %d IDs, want 1 to %[2]d", value.Name, MaxIDs)
	}
	for _, element := range elements {
		id, ok := element.Whole()
		if !ok {
			return nil, value.Invalid("want a whole number from 1 to %d, or up to %d of them in a list", int64(atlas.MaxID), MaxIDs)
		}
		ids = append(ids, ID(id))
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// Elements gives the elements of an array, what is between the commas of a string, or any other value by itself: at most one more than there may be.
func (v Value) Elements(most int) (elements []Value) {
	switch inside := v.Inside(); {
	case inside.IsArray():
		inside.ForEach(func(_, element gjson.Result) bool {
			elements = append(elements, Value{v.Name, element})
			return len(elements) <= most
		})
	case inside.IsText():
		texts := strings.SplitN(inside.Str, ",", most+1)
		for _, text := range texts {
			if len(texts) > 1 {
				text = strings.TrimSpace(text)
			}
			elements = append(elements, Value{v.Name, gjson.Result{Type: gjson.String, Str: text}})
		}
	default:
		elements = []Value{inside}
	}
	return elements
}

// Alternatives gives the elements of an array, whose texts may have spaces, what is between the spaces of a string, or any other value by itself. The empty
// string is a value.
func (v Value) Alternatives() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		switch list := v.Inside(); {
		case list.IsArray():
			list.ForEach(func(_, element gjson.Result) bool { return yield(Value{v.Name, element}) })
		case v.IsText() && v.Str != "":
			for text := range strings.FieldsSeq(v.Str) {
				word := v
				if word.Str = text; !yield(word) {
					return
				}
			}
		default:
			yield(v)
		}
	}
}
