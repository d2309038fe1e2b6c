package subscription

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
)

// Query gives the query of a plain GET as the parameters that Parse reads, with strings for all values, sorted by name. A name that came twice comes twice
// again, for Parse to refuse.
func Query(values url.Values) (parameters []byte) {
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
	_ = encoder.Encode(text) // a string can always be written
	into.Truncate(into.Len() - len("\n"))
}
