package parameter

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/scalar"
)

// Value is the value of a parameter.
type Value struct {
	Name string // of the parameter as it came, for errors
	gjson.Result
}

// Named gives the value with another name.
func (v Value) Named(name string) Value { return Value{name, v.Result} }

// IsText tells whether the value is a string.
func (v Value) IsText() bool { return v.Type == gjson.String }

// Text is the text of a string, and of any other value its JSON.
func (v Value) Text() string {
	if v.IsText() {
		return v.Str
	}
	return v.Raw
}

// Inside gives the array or object that a string contains, and any other value as it is.
func (v Value) Inside() Value {
	if v.IsText() && !jsonpath.NestsTooDeep([]byte(v.Str)) && gjson.Valid(v.Str) {
		if inner := gjson.Parse(v.Str); inner.IsArray() || inner.IsObject() {
			return Value{v.Name, inner}
		}
	}
	return v
}

// Switch reads true or false, 1 or 0, or a string with one of them: Python's clients send "True".
func (v Value) Switch() (isOn bool, err error) {
	switch strings.ToLower(v.Text()) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	default:
		return false, v.Invalid("want true or false, or 1 or 0")
	}
}

// Whole reads a whole number from 1 to atlas.MaxID, of digits only.
func (v Value) Whole() (number int64, ok bool) {
	parsed, err := strconv.ParseUint(v.Text(), 10, 64)
	return int64(parsed), err == nil && parsed >= 1 && parsed <= atlas.MaxID
}

// Decimal reads a number of 0 or more as JSON writes it, also with leading zeros or without a digit before the point.
func (v Value) Decimal() (number float64, ok bool) {
	text := v.Text()
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	number, ok = scalar.ParseNumber(text)
	return number, ok && number >= 0
}

// Invalid is the error that another value is wanted.
func (v Value) Invalid(want string, arguments ...any) error {
	return Refuse("%s: got %s, %s", v.Name, Shorten(v.Raw), fmt.Sprintf(want, arguments...))
}

// Refuse is the error that a value may not be had.
func Refuse(format string, arguments ...any) error {
	return protocol.Errorf(protocol.CodeInvalidParameter, format, arguments...)
}

// IsObject tells whether a text is a JSON object that is not nested too deep to be read.
func IsObject(text []byte) bool {
	return utf8.Valid(text) && !jsonpath.NestsTooDeep(text) && gjson.ValidBytes(text) && gjson.ParseBytes(text).IsObject()
}

// Shorten gives the beginning of what came, for an error.
func Shorten(text string) string {
	const most = 60 // bytes
	if len(text) <= most {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
