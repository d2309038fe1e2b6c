package subscription

import (
	"strings"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/tidwall/gjson"
)

// Limits of the conditions of a subscription.
const (
	MaxComparisons     = 20   // members in equalsTo, lessThan and greaterTo together
	MaxAlternatives    = 1000 // in all of equalsTo
	MaxAlternativeText = 200  // bytes of one
)

// equal is the comparison of equalsTo; the others are the sides of a bound.
const equal side = "equal"

// comparisons reads an object of members and what they are compared with.
func comparisons(side side) parameter {
	return func(p *parser, name string, value gjson.Result) error {
		object := inside(value)
		if !object.IsObject() {
			return invalid(name, value, `want an object of members and values such as {"af":4}`)
		}
		var err error
		object.ForEach(func(member, value gjson.Result) bool {
			err = p.compare(side, name, member.String(), value)
			return err == nil
		})
		return err
	}
}

// splitMember splits the name of a parameter that names a member too, as a query has it: equalsTo.af or equalsTo[af].
func splitMember(name string) (base, member string, split bool) {
	if base, member, split = strings.Cut(name, "["); split {
		member, split = strings.CutSuffix(member, "]")
		return base, member, split
	}
	return strings.Cut(name, ".")
}

var sides = map[string]side{"equalsto": equal, "lessthan": less, "greaterto": greater}

func (p *parser) readMember(name, base, member string, value gjson.Result) error {
	side, exists := sides[fold(base)]
	if !exists {
		return protocol.Refuse(protocol.CodeUnknownParameter, "%s: there is no such parameter; only equalsTo, lessThan and greaterTo have members", name)
	}
	return p.compare(side, shorten(base), member, value)
}

func (p *parser) compare(side side, name, path string, value gjson.Result) error {
	if !isPath(path) {
		return protocol.Refuse(protocol.CodeInvalidParameter, "%s: got the member %q, want "+pathForm, name, shorten(path), MaxPathDepth, MaxPathLength)
	}
	name += "." + shorten(path)
	compared := string(side) + " " + path
	if p.compared[compared] {
		return protocol.Refuse(protocol.CodeRepeatedParameter, "%s: came before", name)
	}
	p.compared[compared] = true
	if len(p.compared) > MaxComparisons {
		return protocol.Refuse(protocol.CodeInvalidParameter,
			"%s: is one too many, want %d members at most in equalsTo, lessThan and greaterTo together", name, MaxComparisons)
	}
	if side == equal {
		return p.readEquals(name, path, value)
	}
	return p.readBound(name, path, side, value)
}

func (p *parser) readBound(name, path string, side side, value gjson.Result) error {
	bound := newLeaf([]byte(textOf(value)))
	if !bound.numeric {
		return invalid(name, value, "want a number")
	}
	p.addCondition(&beyond{strings.Clone(path), side, bound})
	return nil
}

func (p *parser) readEquals(name, path string, value gjson.Result) error {
	leaves, err := p.readAlternatives(name, value)
	if err != nil {
		return err
	}
	if len(leaves) == 0 {
		return invalid(name, value, "want at least one value")
	}
	p.addCondition(newEquals(strings.Clone(path), leaves))
	return nil
}

// addCondition adds one that keeps nothing of the parameters' text.
func (p *parser) addCondition(added condition) {
	p.subscription.conditions = append(p.subscription.conditions, added)
}

// readAlternatives takes a value, a string with several between spaces, or a list of them, whose texts may have spaces. The empty string is one.
func (p *parser) readAlternatives(name string, value gjson.Result) (leaves []leaf, err error) {
	list := inside(value)
	switch {
	case list.IsArray():
		list.ForEach(func(_, element gjson.Result) bool {
			leaves, err = p.readAlternative(leaves, name, element, textOf(element))
			return err == nil
		})
		return leaves, err
	case value.Type == gjson.String && value.String() != "":
		for text := range strings.FieldsSeq(value.String()) {
			if leaves, err = p.readAlternative(leaves, name, value, text); err != nil {
				return nil, err
			}
		}
		return leaves, nil
	}
	return p.readAlternative(leaves, name, value, textOf(value))
}

func (p *parser) readAlternative(leaves []leaf, name string, value gjson.Result, text string) ([]leaf, error) {
	if value.IsObject() || value.IsArray() {
		return nil, invalid(name, value, "want a number, a string, true, false, null or a list of them")
	}
	if len(text) > MaxAlternativeText {
		return nil, invalid(name, value, "want values of at most %d bytes", MaxAlternativeText)
	}
	p.alternatives++
	if p.alternatives > MaxAlternatives {
		return nil, protocol.Refuse(protocol.CodeInvalidParameter,
			"%s: has one alternative too many, want %d at most in all of equalsTo", name, MaxAlternatives)
	}
	return append(leaves, newLeaf([]byte(text))), nil
}
