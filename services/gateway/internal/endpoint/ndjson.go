package endpoint

import (
	"bytes"
	"time"

	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// ndjson writes each event as ["name",payload] on a line of its own.
type ndjson struct{}

func (ndjson) Event(name string, payload []byte) *wsframe.Message {
	text := appendJSONArray(wsframe.Blank(len(name)+len(payload)+len(`["",]`)+1), name, payload)
	return wsframe.Written(append(onOneLine(text), '\n'))
}

func (ndjson) EventAt(name string, payload []byte, cursor string) *wsframe.Message {
	text := appendJSONArrayAt(wsframe.Blank(len(name)+len(payload)+len(cursor)+len(`["",,""]`)+1), name, payload, cursor)
	return wsframe.Written(append(onOneLine(text), '\n'))
}

func (ndjson) Cursor(cursor string) *wsframe.Message {
	return wsframe.Text(append(appendCursor(nil, cursor), '\n'))
}

// EventAtStart implements encode.StartEncoding.
func (e ndjson) EventAtStart(name string, payload []byte, cursor string) *wsframe.Message {
	return e.EventAt(name, payload, cursor)
}

func (ndjson) contentType() string                                                { return "application/x-ndjson" }
func (ndjson) keepAlive() []byte                                                  { return []byte("\n") }
func (ndjson) withRetry(event *wsframe.Message, _ time.Duration) *wsframe.Message { return event }
func (ndjson) isLast(event []byte) bool {
	return bytes.HasPrefix(event, []byte(`["`+protocol.EventUnsubscribed+`"`))
}

// resumption resumes after the client's last event ID, if it has one.
func (ndjson) resumption(after string) func(*subscription.Subscription) {
	if after == "" {
		return nil
	}
	return func(wanted *subscription.Subscription) { wanted.ResumeAfter(after) }
}
