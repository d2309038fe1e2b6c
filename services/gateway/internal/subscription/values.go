package subscription

import (
	"fmt"
	"strconv"
	"strings"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
)

func invalid(name string, value gjson.Result, want string, arguments ...any) *protocol.Error {
	return protocol.Refuse(protocol.CodeInvalidParameter, "%s: got %s, %s", name, brief([]byte(value.Raw)), fmt.Sprintf(want, arguments...))
}

// textOf gives the text of a string, and of any other value how it is written.
func textOf(value gjson.Result) string {
	if value.Type == gjson.String {
		return value.String()
	}
	return value.Raw
}

// readID takes a number, or a string with one.
func readID(name string, value gjson.Result) (int64, error) {
	id, err := strconv.ParseInt(textOf(value), 10, 64)
	if err != nil || id < 1 || id > atlas.MaxID {
		return 0, invalid(name, value, "want a whole number from 1 to %d", int64(atlas.MaxID))
	}
	return id, nil
}

// readSwitch takes true or false, 1 or 0, or a string with one of them, in which Python's clients have a capital.
func readSwitch(name string, value gjson.Result) (bool, error) {
	switch strings.ToLower(textOf(value)) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, invalid(name, value, "want true or false, or 1 or 0")
}

// inside gives the list or object that a string may have for its text, and any other value as it is.
func inside(value gjson.Result) gjson.Result {
	if value.Type == gjson.String && !nestsTooDeep([]byte(value.String())) && gjson.Valid(value.String()) {
		if inner := gjson.Parse(value.String()); inner.IsArray() || inner.IsObject() {
			return inner
		}
	}
	return value
}

// brief shows what came without repeating all of it.
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
