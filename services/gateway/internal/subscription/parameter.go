package subscription

import (
	"fmt"
	"strconv"
	"strings"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/protocol"

	"github.com/tidwall/gjson"
)

// parser parses the parameters of one subscription.
type parser struct {
	subscription Subscription
	seen         map[string]string // the folded names of parameters so far, to the names as they came
	compared     map[string]bool   // the operators and members so far
	alternatives int               // in all of equalsTo
	replay       ReplayRequest
	lists        Lists // as far as they are given
	err          error
}

// readParameter reads the value of a parameter with a name as it came.
type readParameter func(p *parser, name string, value gjson.Result) error

// addCondition adds a condition, which must keep nothing of the parameters' text.
func (p *parser) addCondition(added condition) {
	p.subscription.conditions = append(p.subscription.conditions, added)
}

// readSwitch takes true or false, 1 or 0, or a string with one of them: Python's clients send "True".
func readSwitch(of func(*Subscription) *bool) readParameter {
	return func(p *parser, name string, value gjson.Result) error {
		switch strings.ToLower(textOf(value)) {
		case "true", "1":
			*of(&p.subscription) = true
		case "false", "0":
			*of(&p.subscription) = false
		default:
			return invalid(name, value, "want true or false, or 1 or 0")
		}
		return nil
	}
}

// parseWhole parses a whole number from 1 to atlas.MaxID, of digits only.
func parseWhole(text string) (number int64, ok bool) {
	parsed, err := strconv.ParseUint(text, 10, 64)
	return int64(parsed), err == nil && parsed >= 1 && parsed <= atlas.MaxID
}

// parseDecimal parses a number of 0 or more as JSON writes it, also with leading zeros or without a digit before the point.
func parseDecimal(text string) (number float64, ok bool) {
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	number, ok = parseLong(text)
	return number, ok && number >= 0
}

func invalid(name string, value gjson.Result, want string, arguments ...any) *protocol.Error {
	return refuse("%s: got %s, %s", name, brief([]byte(value.Raw)), fmt.Sprintf(want, arguments...))
}

func refuse(format string, arguments ...any) *protocol.Error {
	return protocol.Refuse(protocol.CodeInvalidParameter, format, arguments...)
}

// textOf gives the text of a string, and for any other value its JSON.
func textOf(value gjson.Result) string {
	if value.Type == gjson.String {
		return value.String()
	}
	return value.Raw
}

// inside gives the array or object that a string contains, and any other value as it is.
func inside(value gjson.Result) gjson.Result {
	if value.Type == gjson.String && !jsonpath.NestsTooDeep([]byte(value.String())) && gjson.Valid(value.String()) {
		if inner := gjson.Parse(value.String()); inner.IsArray() || inner.IsObject() {
			return inner
		}
	}
	return value
}

// brief gives the beginning of what came, for an error.
func brief(value []byte) string {
	if len(value) == 0 {
		return "nothing"
	}
	return shorten(string(value))
}

func shorten(text string) string {
	const most = 60 // bytes
	if len(text) <= most {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
