package subscription

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"

	"github.com/tidwall/gjson"
)

// QueryParameters gives the query of a GET request as parameters for Parse, with strings for all values, sorted by name. A repeated name stays repeated, for
// Parse to refuse it.
func QueryParameters(values url.Values) (parameters []byte) {
	var object bytes.Buffer
	object.WriteByte('{')
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			if object.Len() > 1 {
				object.WriteByte(',')
			}
			writeString(&object, name)
			object.WriteByte(':')
			writeString(&object, value)
		}
	}
	object.WriteByte('}')
	return object.Bytes()
}

// writeString writes a text as JSON that people can read: with & and < as they are.
func writeString(into *bytes.Buffer, text string) {
	encoder := json.NewEncoder(into)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string can always be encoded
	into.Truncate(into.Len() - len("\n"))
}

// WithoutCursor gives the parameters of a subscription with cursors as if it had begun without one, in their order and without the space between them.
func WithoutCursor(parameters []byte) []byte {
	object := make([]byte, 0, len(parameters)+len(`{"cursor":""}`))
	object = append(object, '{')
	gjson.ParseBytes(parameters).ForEach(func(name, value gjson.Result) bool {
		if fold(name.String()) != "cursor" {
			object = append(append(append(append(object, name.Raw...), ':'), value.Raw...), ',')
		}
		return true
	})
	return append(object, `"cursor":""}`...)
}
