package subscription

import (
	"net/netip"
	"strings"

	"github.com/tidwall/gjson"

	"atlasstream/services/gateway/internal/condition"
	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/parameter"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/scalar"
)

// Limits of the comparisons of a subscription.
const (
	maxComparisons  = 20   // members in equalsTo, lessThan and greaterTo together
	maxAlternatives = 1000 // in all of equalsTo
)

// operator is the folded name of a parameter that compares members.
type operator string

const (
	equalsTo  operator = "equalsto"
	lessThan  operator = "lessthan"
	greaterTo operator = "greaterto"
)

// readComparisons reads an object of members and what they are compared with.
func readComparisons(operator operator) func(*parser, parameter.Value) error {
	return func(p *parser, value parameter.Value) (err error) {
		object := value.Inside()
		if !object.IsObject() {
			return value.Invalid(`want an object of members and values such as {"af":4}`)
		}
		object.ForEach(func(member, of gjson.Result) bool {
			err = p.compare(operator, member.Str, parameter.Value{Name: value.Name, Result: of})
			return err == nil
		})
		return err
	}
}

// splitMember splits the name of a parameter with a member in it, as a query may have: equalsTo.af or equalsTo[af].
func splitMember(name string) (base, member string, split bool) {
	if base, member, split = strings.Cut(name, "["); split {
		member, split = strings.CutSuffix(member, "]")
		return base, member, split
	}
	return strings.Cut(name, ".")
}

// readMember reads the comparison of a parameter whose name was split.
func (p *parser) readMember(value parameter.Value, base, member string) error {
	switch operator := operator(parameter.Fold(base)); operator {
	case equalsTo, lessThan, greaterTo:
		return p.compare(operator, member, value.Named(parameter.Shorten(base)))
	default:
		return protocol.Errorf(protocol.CodeUnknownParameter,
			"%s: there is no such parameter; only equalsTo, lessThan and greaterTo have members", parameter.Shorten(value.Name))
	}
}

// compare adds the condition that a member is compared with a value.
func (p *parser) compare(operator operator, path string, value parameter.Value) error {
	if !jsonpath.IsPath(path) {
		return parameter.Refuse("%s: got the member %q, "+wantPath, value.Name, parameter.Shorten(path), jsonpath.MaxDepth, jsonpath.MaxLength)
	}
	value = value.Named(value.Name + "." + parameter.Shorten(path))
	compared := string(operator) + " " + path
	if p.compared[compared] {
		return protocol.Errorf(protocol.CodeRepeatedParameter, "%s: repeated", value.Name)
	}
	p.compared[compared] = true
	if len(p.compared) > maxComparisons {
		return parameter.Refuse("%s: too many members, want at most %d in equalsTo, lessThan and greaterTo together", value.Name, maxComparisons)
	}
	return p.addCondition(p.comparison(operator, path, value))
}

func (p *parser) comparison(operator operator, path string, value parameter.Value) (condition.Condition, error) {
	if operator == equalsTo {
		alternatives, err := p.readAlternatives(value)
		if err == nil && len(alternatives) == 0 {
			err = value.Invalid("want at least one value")
		}
		return condition.Equals(path, alternatives), err
	}
	bound := scalar.New(strings.Clone(value.Text()))
	if !bound.IsNumber() {
		return nil, value.Invalid("want a number")
	}
	if operator == lessThan {
		return condition.Less(path, bound), nil
	}
	return condition.Greater(path, bound), nil
}

func (p *parser) readAlternatives(value parameter.Value) (alternatives []scalar.Scalar, err error) {
	for alternative := range value.Alternatives() {
		p.alternatives++
		switch {
		case alternative.IsObject() || alternative.IsArray():
			return nil, alternative.Invalid("want a number, a string, true, false, null or a list of them")
		case len(alternative.Text()) > scalar.MaxLength:
			return nil, alternative.Invalid("want values of at most %d bytes", scalar.MaxLength)
		case p.alternatives > maxAlternatives:
			return nil, parameter.Refuse("%s: too many alternatives, want at most %d in all of equalsTo", value.Name, maxAlternatives)
		}
		alternatives = append(alternatives, scalar.New(alternative.Text()))
	}
	return alternatives, nil
}

// addCondition adds a condition, unless there is an error.
func (p *parser) addCondition(added condition.Condition, err error) error {
	if err == nil {
		p.subscription.Conditions = append(p.subscription.Conditions, added)
	}
	return err
}

func readAddress(role condition.Role) func(*parser, parameter.Value) error {
	return func(p *parser, value parameter.Value) error {
		host, err := value.Address()
		return p.addCondition(condition.InPrefix(role, netip.PrefixFrom(host, host.BitLen())), err)
	}
}

func readPrefix(role condition.Role) func(*parser, parameter.Value) error {
	return func(p *parser, value parameter.Value) error {
		prefix, err := value.Prefix()
		return p.addCondition(condition.InPrefix(role, prefix), err)
	}
}
