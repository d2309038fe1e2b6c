package fanout

import (
	"bytes"
	"encoding/json"

	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

const eventError = "atlas_error"

// codeGap says that the log has lost records that were not delivered.
const codeGap subscription.Code = "gap"

// ErrorMessage makes an atlas_error. Its payload is a string, as the clients that there are print it.
func ErrorMessage(encoding Encoding, refusal *subscription.Error) *outbox.Message {
	var payload bytes.Buffer
	encoder := json.NewEncoder(&payload)
	encoder.SetEscapeHTML(false) // it is no HTML
	if err := encoder.Encode(refusal.Error()); err != nil {
		panic(err) // a string always has a JSON form
	}
	return encoding.Event(eventError, bytes.TrimSpace(payload.Bytes()))
}
