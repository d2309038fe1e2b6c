package endpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"atlasstream/pkg/jitter"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// sse writes Server-Sent Events, as EventSource reads them (HTML standard, section 9.2). Only last events set a reconnection time.
type sse struct{}

func (sse) Event(name string, payload []byte) *wsframe.Message {
	return wsframe.Written(appendSSE(wsframe.Blank(len(name)+len(payload)+len("event: \ndata: \n\n")), name, payload))
}

// EventAt has the cursor as the event's ID, which a browser sends when it reconnects.
func (sse) EventAt(name string, payload []byte, cursor string) *wsframe.Message {
	text := wsframe.Blank(len(name) + len(payload) + len(cursor) + len("event: \nid: \ndata: \n\n"))
	text = append(append(append(text, "id: "...), cursor...), '\n')
	return wsframe.Written(appendSSE(text, name, payload))
}

// Cursor has data, as EventSource clients ignore an event without.
func (e sse) Cursor(cursor string) *wsframe.Message {
	return e.EventAt(protocol.EventCursor, []byte("{}"), cursor)
}

// EventAtStart implements encode.StartEncoding. The ID is part of the confirmation, as event-source-polyfill and launchdarkly-eventsource ignore an ID
// without data.
func (e sse) EventAtStart(name string, payload []byte, cursor string) *wsframe.Message {
	return e.EventAt(name, payload, cursor)
}

// EventAtEnd implements encode.EndEncoding. The ID marks the end of the subscription: a browser that reconnects with it is answered 204, and stops.
func (sse) EventAtEnd(name string, payload []byte) *wsframe.Message {
	text := append(append(append([]byte("event: "), name...), "\nid: "...), endID(payload)...)
	text = append(append(text, "\ndata: "...), payload...)
	return wsframe.Text(append(text, "\n\n"...))
}

func appendSSE(text []byte, name string, payload []byte) []byte {
	text = append(append(append(text, "event: "...), name...), "\ndata: "...)
	begin := len(text)
	text = append(text, payload...)
	onOneLine(text[begin:])
	return append(text, "\n\n"...)
}

// endID is the ID of the last event of a subscription with these parameters. Unlike a cursor it has a dot.
func endID(parameters []byte) string {
	sum := sha256.Sum256(parameters)
	return "end." + base64.RawURLEncoding.EncodeToString(sum[:9])
}

// withRetry sets the time in the event itself, as some clients ignore a field without data.
func (sse) withRetry(event *wsframe.Message, around time.Duration) *wsframe.Message {
	field := fmt.Appendf(nil, "retry: %d\n", jitter.Around(around).Milliseconds())
	return wsframe.Text(append(field, event.Payload()...))
}

func (sse) contentType() string { return MediaEvents }
func (sse) keepAlive() []byte   { return []byte(":\n\n") }
func (sse) isLast(event []byte) bool {
	return bytes.HasPrefix(event, []byte("event: "+protocol.EventUnsubscribed+"\n"))
}

// resumption resumes after the client's last event ID. Even without one it gives each event an ID.
func (sse) resumption(after string) func(*subscription.Subscription) {
	return func(wanted *subscription.Subscription) { wanted.ResumeAfter(after) }
}
