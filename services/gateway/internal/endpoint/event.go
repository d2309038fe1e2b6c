package endpoint

import (
	"encoding/json"
	"unicode/utf8"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/services/gateway/internal/sendqueue"
)

// jsonArrays writes an event as ["name",payload], the text of the plain WebSocket. Payloads are sent as they are: clients match prefixes of this
// compact form.
type jsonArrays struct{}

func (jsonArrays) Event(name string, payload []byte) *sendqueue.Message {
	return sendqueue.Written(appendJSONArray(sendqueue.Blank(len(name)+len(payload)+len(`["",]`)), name, payload))
}

func (jsonArrays) EventAt(name string, payload []byte, cursor string) *sendqueue.Message {
	return sendqueue.Written(appendJSONArrayAt(sendqueue.Blank(len(name)+len(payload)+len(cursor)+len(`["",,""]`)), name, payload, cursor))
}

// EventAtStart implements fanout.StartEncoding.
func (e jsonArrays) EventAtStart(name string, payload []byte, cursor string) *sendqueue.Message {
	return e.EventAt(name, payload, cursor)
}

func appendJSONArray(text []byte, name string, payload []byte) []byte {
	text = append(append(append(text, `["`...), name...), `",`...)
	return append(append(text, payload...), ']')
}

// appendJSONArrayAt adds a cursor, in which there is nothing to be escaped.
func appendJSONArrayAt(text []byte, name string, payload []byte, cursor string) []byte {
	text = append(append(append(text, `["`...), name...), `",`...)
	text = append(append(text, payload...), `,"`...)
	return append(append(text, cursor...), `"]`...)
}

// parseEvent reads a client's message, ["event",argument,…], of which only the first argument counts: it is nil if there is none. A list of all would take
// up to thirty times the bytes of the message.
func parseEvent(binary bool, payload []byte) (event string, argument json.RawMessage, err error) {
	if binary {
		return "", nil, protocol.Refuse(protocol.CodeMalformed, `message: got a binary one, want a text message ["%s",{…}]`, protocol.EventSubscribe)
	}
	var head [2]json.RawMessage
	readable := utf8.Valid(payload) && json.Unmarshal(payload, &head) == nil
	if !readable || head[0] == nil || json.Unmarshal(head[0], &event) != nil {
		return "", nil, protocol.Refuse(protocol.CodeMalformed, `message: got %.60q, want a JSON array such as ["%s",{"msm":1001}]`, payload, protocol.EventSubscribe)
	}
	return event, head[1], nil
}
