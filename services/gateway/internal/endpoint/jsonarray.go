package endpoint

import (
	"bytes"

	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/wsframe"
)

// jsonArray writes an event as ["name",payload], the messages of the plain WebSocket. Payloads are not reformatted: clients match prefixes of this
// compact form.
type jsonArray struct{}

func (jsonArray) Event(name string, payload []byte) *wsframe.Message {
	return wsframe.Written(appendJSONArray(wsframe.Blank(len(name)+len(payload)+len(`["",]`)), name, payload))
}

func (jsonArray) EventAt(name string, payload []byte, cursor string) *wsframe.Message {
	return wsframe.Written(appendJSONArrayAt(wsframe.Blank(len(name)+len(payload)+len(cursor)+len(`["",,""]`)), name, payload, cursor))
}

func (jsonArray) Cursor(cursor string) *wsframe.Message {
	return wsframe.Text(appendCursor(nil, cursor))
}

// appendCursor appends an atlas_cursor as ["atlas_cursor",cursor].
func appendCursor(text []byte, cursor string) []byte {
	return append(append(append(text, `["`+protocol.EventCursor+`","`...), cursor...), `"]`...)
}

// EventAtStart implements encode.StartEncoding.
func (e jsonArray) EventAtStart(name string, payload []byte, cursor string) *wsframe.Message {
	return e.EventAt(name, payload, cursor)
}

func appendJSONArray(text []byte, name string, payload []byte) []byte {
	text = append(append(append(text, `["`...), name...), `",`...)
	return append(append(text, payload...), ']')
}

// appendJSONArrayAt adds a cursor, which needs no escaping.
func appendJSONArrayAt(text []byte, name string, payload []byte, cursor string) []byte {
	text = append(append(append(text, `["`...), name...), `",`...)
	text = append(append(text, payload...), `,"`...)
	return append(append(text, cursor...), `"]`...)
}

// onOneLine replaces line breaks by spaces, in place. In JSON they can only be between tokens.
func onOneLine(text []byte) []byte {
	for _, end := range []byte("\r\n") {
		rest := text
		for i := bytes.IndexByte(rest, end); i >= 0; i = bytes.IndexByte(rest, end) {
			rest[i] = ' '
			rest = rest[i+1:]
		}
	}
	return text
}
