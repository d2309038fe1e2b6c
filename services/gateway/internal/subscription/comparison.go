package subscription

import (
	"strings"

	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/protocol"

	"github.com/tidwall/gjson"
)

// Limits of the comparisons of a subscription.
const (
	maxComparisons     = 20   // members in equalsTo, lessThan and greaterTo together
	maxAlternatives    = 1000 // in all of equalsTo
	maxAlternativeText = 200  // bytes of an alternative
)

// readComparisons reads an object of members and what they are compared with.
func readComparisons(operator operator) readParameter {
	return func(p *parser, name string, value gjson.Result) error {
		object := inside(value)
		if !object.IsObject() {
			return invalid(name, value, `want an object of members and values such as {"af":4}`)
		}
		var err error
		object.ForEach(func(member, value gjson.Result) bool {
			err = p.compare(operator, name, member.String(), value)
			return err == nil
		})
		return err
	}
}

var operators = map[string]operator{"equalsto": equal, "lessthan": less, "greaterto": greater}

// readMember reads the comparison of a parameter whose name was split.
func (p *parser) readMember(name, base, member string, value gjson.Result) error {
	operator, exists := operators[fold(base)]
	if !exists {
		return protocol.Refuse(protocol.CodeUnknownParameter, "%s: there is no such parameter; only equalsTo, lessThan and greaterTo have members", name)
	}
	return p.compare(operator, shorten(base), member, value)
}

// splitMember splits the name of a parameter with a member in it, as a query may have: equalsTo.af or equalsTo[af].
func splitMember(name string) (base, member string, split bool) {
	if base, member, split = strings.Cut(name, "["); split {
		member, split = strings.CutSuffix(member, "]")
		return base, member, split
	}
	return strings.Cut(name, ".")
}

// fold makes one of both naming styles, stream_type and streamType, and of the two names of greaterTo.
func fold(name string) string {
	folded := strings.ToLower(strings.ReplaceAll(name, "_", ""))
	if folded == "greaterthan" {
		return "greaterto"
	}
	return folded
}

func (p *parser) compare(operator operator, name, path string, value gjson.Result) error {
	if !jsonpath.IsPath(path) {
		return refuse("%s: got the member %q, "+wantPath, name, shorten(path), jsonpath.MaxDepth, jsonpath.MaxLength)
	}
	name += "." + shorten(path)
	compared := string(operator) + " " + path
	if p.compared[compared] {
		return protocol.Refuse(protocol.CodeRepeatedParameter, "%s: repeated", name)
	}
	p.compared[compared] = true
	if len(p.compared) > maxComparisons {
		return refuse("%s: too many members, want at most %d in equalsTo, lessThan and greaterTo together", name, maxComparisons)
	}
	if operator == equal {
		return p.readEquals(name, path, value)
	}
	bound := newScalar(strings.Clone(textOf(value)))
	if !bound.numeric {
		return invalid(name, value, "want a number")
	}
	p.addCondition(&inequality{strings.Clone(path), operator, bound})
	return nil
}

func (p *parser) readEquals(name, path string, value gjson.Result) error {
	scalars, err := p.readAlternatives(name, value)
	if err != nil {
		return err
	}
	if len(scalars) == 0 {
		return invalid(name, value, "want at least one value")
	}
	p.addCondition(newEquals(strings.Clone(path), scalars))
	return nil
}

// readAlternatives takes a value, a string with several between spaces, or an array of them, whose texts may have spaces. The empty string is a value.
func (p *parser) readAlternatives(name string, value gjson.Result) (scalars []scalar, err error) {
	list := inside(value)
	switch {
	case list.IsArray():
		list.ForEach(func(_, element gjson.Result) bool {
			scalars, err = p.readAlternative(scalars, name, element, textOf(element))
			return err == nil
		})
		return scalars, err
	case value.Type == gjson.String && value.String() != "":
		for text := range strings.FieldsSeq(value.String()) {
			if scalars, err = p.readAlternative(scalars, name, value, text); err != nil {
				return nil, err
			}
		}
		return scalars, nil
	}
	return p.readAlternative(scalars, name, value, textOf(value))
}

func (p *parser) readAlternative(scalars []scalar, name string, value gjson.Result, text string) ([]scalar, error) {
	if value.IsObject() || value.IsArray() {
		return nil, invalid(name, value, "want a number, a string, true, false, null or a list of them")
	}
	if len(text) > maxAlternativeText {
		return nil, invalid(name, value, "want values of at most %d bytes", maxAlternativeText)
	}
	p.alternatives++
	if p.alternatives > maxAlternatives {
		return nil, refuse("%s: too many alternatives, want at most %d in all of equalsTo", name, maxAlternatives)
	}
	return append(scalars, newScalar(text)), nil
}
