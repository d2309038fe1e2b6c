package endpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"mime"
	"strconv"
	"strings"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// protocol.EventUnsubscribed ends a body: its one subscription is over.

// MediaEvents is the media type of Server-Sent Events.
const MediaEvents = "text/event-stream"

// body is how the body of an answer tells events.
type body interface {
	fanout.Encoding
	contentType() string
	// keepAlive is what may stand between two events and says nothing.
	keepAlive() []byte
	// isLast tells whether nothing comes after an event.
	isLast(event []byte) bool
	// continued gives what becomes of a subscription beside its parameters, whose client has got to a place as it comes back; nil if that is nothing.
	continued(after string) func(*subscription.Subscription)
}

// bodyFor picks what a client with the given Accept headers reads: Server-Sent Events if it names them, lines otherwise.
func bodyFor(accept []string) body {
	if AcceptsEvents(accept) {
		return serverSentEvents{}
	}
	return lines{}
}

// AcceptsEvents tells whether a client with the given Accept headers asks for Server-Sent Events, by their name.
func AcceptsEvents(accept []string) bool {
	for entry := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, parameters, err := mime.ParseMediaType(entry)
		if err != nil || media != MediaEvents {
			continue
		}
		if weight, err := strconv.ParseFloat(parameters["q"], 64); err != nil || weight > 0 {
			return true
		}
	}
	return false
}

// lines writes each event as ["name",payload] on a line of its own.
type lines struct{}

func (lines) Event(name string, payload []byte) *sendqueue.Message {
	text := appendJSONArray(sendqueue.Blank(len(name)+len(payload)+len(`["",]`)+1), name, payload)
	return sendqueue.Written(append(onOneLine(text), '\n'))
}

func (lines) EventAt(name string, payload []byte, cursor string) *sendqueue.Message {
	text := appendJSONArrayAt(sendqueue.Blank(len(name)+len(payload)+len(cursor)+len(`["",,""]`)+1), name, payload, cursor)
	return sendqueue.Written(append(onOneLine(text), '\n'))
}

// EventAtStart implements fanout.StartEncoding.
func (l lines) EventAtStart(name string, payload []byte, cursor string) *sendqueue.Message {
	return l.EventAt(name, payload, cursor)
}

func (lines) contentType() string { return "application/x-ndjson" }
func (lines) keepAlive() []byte   { return []byte("\n") }
func (lines) isLast(event []byte) bool {
	return bytes.HasPrefix(event, []byte(`["`+protocol.EventUnsubscribed+`"`))
}

func (lines) continued(after string) func(*subscription.Subscription) {
	if after == "" {
		return nil
	}
	return func(wanted *subscription.Subscription) { wanted.GoOnAfter(after) }
}

// serverSentEvents writes events as EventSource reads them (HTML standard, section 9.2). It sets no time for reconnecting.
type serverSentEvents struct{}

func (serverSentEvents) Event(name string, payload []byte) *sendqueue.Message {
	return sendqueue.Written(appendServerSentEvent(sendqueue.Blank(len(name)+len(payload)+len("event: \ndata: \n\n")), name, payload))
}

// EventAt has the cursor for the event's ID, which a browser hands back as it reconnects.
func (serverSentEvents) EventAt(name string, payload []byte, cursor string) *sendqueue.Message {
	text := sendqueue.Blank(len(name) + len(payload) + len(cursor) + len("event: \nid: \ndata: \n\n"))
	text = append(append(append(text, "id: "...), cursor...), '\n')
	return sendqueue.Written(appendServerSentEvent(text, name, payload))
}

// EventAtStart implements fanout.StartEncoding. The ID stands in the confirmation and not by itself: event-source-polyfill and launchdarkly-eventsource take
// no notice of an ID without data.
func (e serverSentEvents) EventAtStart(name string, payload []byte, cursor string) *sendqueue.Message {
	return e.EventAt(name, payload, cursor)
}

func appendServerSentEvent(text []byte, name string, payload []byte) []byte {
	text = append(append(append(text, "event: "...), name...), "\ndata: "...)
	begin := len(text)
	text = append(text, payload...)
	onOneLine(text[begin:])
	return append(text, "\n\n"...)
}

// EventAtEnd implements fanout.EndEncoding: a browser hands the end back as it comes again, and is answered 204 then, after which it stays away.
func (serverSentEvents) EventAtEnd(name string, payload []byte) *sendqueue.Message {
	text := append(append(append([]byte("event: "), name...), "\nid: "...), endOf(payload)...)
	text = append(append(text, "\ndata: "...), payload...)
	return sendqueue.Text(append(text, "\n\n"...))
}

// endOf is the place behind all that a subscription brings, by its parameters. It is no cursor, as it has a dot.
func endOf(parameters []byte) string {
	sum := sha256.Sum256(parameters)
	return "end." + base64.RawURLEncoding.EncodeToString(sum[:9])
}

func (serverSentEvents) contentType() string { return MediaEvents }
func (serverSentEvents) keepAlive() []byte   { return []byte(":\n\n") }
func (serverSentEvents) isLast(event []byte) bool {
	return bytes.HasPrefix(event, []byte("event: "+protocol.EventUnsubscribed+"\n"))
}

// continued has each event carry an ID, and goes on behind the one that the client has got to.
func (serverSentEvents) continued(after string) func(*subscription.Subscription) {
	return func(wanted *subscription.Subscription) { wanted.GoOnAfter(after) }
}

// onOneLine replaces line breaks, which in JSON can only stand between its parts, in place.
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
