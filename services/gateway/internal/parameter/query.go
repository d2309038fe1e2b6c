package parameter

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// FromQuery gives the query of a GET request as parameters, with strings for all values, sorted by name. A repeated name stays repeated, to be refused.
func FromQuery(values url.Values) (parameters []byte) {
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

// Fold makes one of both naming styles, stream_type and streamType, and of the two names of greaterTo.
func Fold(name string) string {
	folded := strings.ToLower(strings.ReplaceAll(name, "_", ""))
	if folded == "greaterthan" {
		return "greaterto"
	}
	return folded
}
