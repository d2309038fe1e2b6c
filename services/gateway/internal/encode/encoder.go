package encode

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/cursorseal"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// Encoder encodes one record at a time, once for all that get the same bytes. It is not safe for concurrent use.
type Encoder struct {
	Source cursor.Source // of its records
	Record *atlas.Record
	View   *subscription.RecordView // of the record
	// SealOwn seals a cursor that is a client's own.
	SealOwn func(cursor.Token) string

	inReplay func() *cursor.Replay // gives the record's position, in a replay
	seal     func(cursor.Token) string
	cursor   string     // behind the record, once it is asked for
	last     messageKey // most clients want the same, so the last message is at hand
	lastDone *wsframe.Message
	others   map[messageKey]*wsframe.Message
	own      ownMessage // the last one, for clients with cursors of their own
}

// messageKey is what two clients must have in common to get the same bytes.
type messageKey struct {
	encoding Encoding
	stream   atlas.Stream
	form     subscription.Projection
}

// NewEncoder makes an encoder, which is to be given a Source.
func NewEncoder(seal func(cursor.Token) string, enricher subscription.Enricher) *Encoder {
	var last cursorseal.Last
	return &Encoder{
		View:    subscription.NewRecordView(enricher),
		SealOwn: func(token cursor.Token) string { return last.Seal(token, seal) },
		seal:    seal,
	}
}

// SetReplay says how to get the position of a replay behind the next record.
func (e *Encoder) SetReplay(position func() *cursor.Replay) { e.inReplay = position }

// Reset makes another record the one that is encoded.
func (e *Encoder) Reset(record *atlas.Record) {
	e.Record = record
	e.View.Reset(record)
	e.lastDone, e.cursor, e.own = nil, "", ownMessage{}
	clear(e.others)
}

// Clear forgets the record.
func (e *Encoder) Clear() {
	e.Reset(nil)
	e.inReplay = nil
}

// ownMessage is a message with a cursor of a client's own. Clients with the same cursor get the same message.
type ownMessage struct {
	event   *wsframe.Message // without the cursor
	cursor  string
	message *wsframe.Message
}

// WithCursors encodes the record with cursors of a client's own. If the encoding permits, all but the cursor is encoded once for all clients.
func (e *Encoder) WithCursors(encoding Encoding, stream atlas.Stream, form subscription.Projection) func(cursor string) *wsframe.Message {
	shared, permits := encoding.(CursorEncoding)
	if !permits || e.inReplay != nil { // a replay has one client
		return func(cursor string) *wsframe.Message {
			return encoding.EventAt(protocol.RecordEvent(stream), e.View.Payload(form), cursor)
		}
	}
	form.Cursor = false
	event := e.Message(encoding, stream, form)
	return func(cursor string) *wsframe.Message {
		if e.own.event != event || e.own.cursor != cursor {
			e.own = ownMessage{event, cursor, shared.WithCursor(event, cursor)}
		}
		return e.own.message
	}
}

// Message encodes the record unless that has been done for another client.
func (e *Encoder) Message(encoding Encoding, stream atlas.Stream, form subscription.Projection) *wsframe.Message {
	key := messageKey{encoding, stream, form}
	if e.lastDone != nil && e.last == key {
		return e.lastDone
	}
	message := e.others[key]
	if message == nil {
		message = e.encode(key)
	}
	if e.lastDone != nil {
		e.keepLast()
	}
	e.last, e.lastDone = key, message
	return message
}

func (e *Encoder) encode(key messageKey) *wsframe.Message {
	name, payload := protocol.RecordEvent(key.stream), e.View.Payload(key.form)
	if !key.form.Cursor {
		return key.encoding.Event(name, payload)
	}
	return key.encoding.EventAt(name, payload, e.sealed(key.stream))
}

// sealed is the cursor behind the record, sealed once for all clients.
func (e *Encoder) sealed(stream atlas.Stream) string {
	if e.cursor == "" {
		at := e.Place(stream)
		e.cursor = e.seal(at.Token())
	}
	return e.cursor
}

// Place is where a client is behind the record in a stream.
func (e *Encoder) Place(stream atlas.Stream) cursor.Place {
	at := cursor.Place{Source: e.Source, Stream: stream, Checkpoint: cursor.Checkpoint{Measurement: e.Record.Measurement}}
	if e.inReplay != nil {
		at.Replay = e.inReplay()
	} else {
		at.Live = cursor.LiveAt(e.Record)
	}
	return at
}

func (e *Encoder) keepLast() {
	if e.others == nil {
		e.others = make(map[messageKey]*wsframe.Message)
	}
	e.others[e.last] = e.lastDone
}
