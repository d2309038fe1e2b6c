package fanout

import (
	"bytes"
	"encoding/json"

	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// EventError is the event that tells what is wrong.
const EventError = "atlas_error"

// ErrorMessage makes an atlas_error.
func ErrorMessage(encoding Encoding, refusal *subscription.Error) *outbox.Message {
	return encoding.Event(EventError, ErrorPayload(refusal))
}

// ErrorPayload is that of an atlas_error: a string, as the clients that there are print it.
func ErrorPayload(refusal *subscription.Error) []byte {
	var payload bytes.Buffer
	encoder := json.NewEncoder(&payload)
	encoder.SetEscapeHTML(false) // it is no HTML
	if err := encoder.Encode(refusal.Error()); err != nil {
		panic(err) // a string always has a JSON form
	}
	return bytes.TrimSpace(payload.Bytes())
}
