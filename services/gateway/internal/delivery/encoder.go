package delivery

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
	source   Source
	record   *atlas.Record
	subject  *subscription.RecordView
	last     encodingKey // most clients want the same, so the last encoding is at hand
	lastDone *wsframe.Message
	others   map[encodingKey]*wsframe.Message
	seal     func(cursor.Token) string
	cursor   string                // behind the record, once it is asked for
	inReplay func() *cursor.Replay // gives its position, in a replay
	own      ownMessage            // the last one, for clients with cursors of their own
	sealOwn  func(cursor.Token) string
	counted  subscription.Stats // what has been reported
	onWork   func(subscription.Stats)
	written  func(*Target)
	taken    []counted // of the record
	spent    []Spent   // since TakeSpent
}

// encodingKey is what two clients must have in common to get the same bytes.
type encodingKey struct {
	encoding Encoding
	stream   atlas.Stream
	form     subscription.Projection
}

// NewEncoder makes an encoder that reports what it has done with records.
func NewEncoder(shared *Shared, enricher subscription.Enricher, onWork func(subscription.Stats)) *Encoder {
	var last cursorseal.Last
	return &Encoder{
		seal:    shared.Seal,
		sealOwn: func(token cursor.Token) string { return last.Seal(token, shared.Seal) },
		subject: subscription.NewRecordView(enricher),
		onWork:  onWork,
	}
}

// SetSource says where the records come from, and calls written, unless it is nil, with each target for whose client something is enqueued.
func (e *Encoder) SetSource(source Source, written func(*Target)) {
	e.source, e.written = source, written
}

// SetReplay says how to get the position of a replay behind the next record.
func (e *Encoder) SetReplay(position func() *cursor.Replay) { e.inReplay = position }

// Reset makes another record the one that is encoded.
func (e *Encoder) Reset(record *atlas.Record) {
	e.record = record
	e.subject.Reset(record)
	e.lastDone, e.cursor, e.own, e.taken = nil, "", ownMessage{}, e.taken[:0]
	clear(e.others)
}

// Clear forgets the record and reports what was done since the last time.
func (e *Encoder) Clear() {
	e.Reset(nil)
	e.inReplay = nil
	done := e.subject.Stats()
	if done != e.counted {
		e.onWork(done.Sub(e.counted))
		e.counted = done
	}
}

// Work is what has been done with records.
func (e *Encoder) Work() subscription.Stats { return e.subject.Stats() }

// enqueue enqueues the record for a target: by itself, or to wait for others in a batch. Where it has enqueued something for the client, Recipient.Flush must
// follow. Errors: those of Client.Enqueue.
func (e *Encoder) enqueue(to *Target, stream atlas.Stream, form subscription.Projection) (enqueued bool, err error) {
	if len(to.batches) > 0 {
		return e.enqueueInOrder(to, stream, form)
	}
	return true, e.enqueueAlone(to, stream, form)
}

// enqueueInOrder keeps the order of records of which some wait in batches.
func (e *Encoder) enqueueInOrder(to *Target, stream atlas.Stream, form subscription.Projection) (enqueued bool, err error) {
	var into *Batch
	for _, cursors := range []bool{false, true} {
		batch := to.batches[batchKeyOf(stream, e.record.Measurement, cursors)]
		if form.Buffered && cursors == form.Cursor {
			into = batch
			continue
		}
		if batch == nil {
			continue
		}
		enqueued = true
		if err := batch.flush(); err != nil {
			return true, err
		}
	}
	if into == nil {
		return true, e.enqueueAlone(to, stream, form)
	}
	var at Place
	if form.Cursor {
		at = e.place(stream)
	}
	added, err := into.add(e.subject.Payload(form), at)
	return enqueued || added, err
}

// enqueueAlone enqueues the record by itself.
func (e *Encoder) enqueueAlone(to *Target, stream atlas.Stream, form subscription.Projection) error {
	recipient := to.Recipient
	if checkpoints := recipient.Checkpoints(); form.Cursor && checkpoints != nil { // its cursors are its own
		return checkpoints.Enqueue(recipient.enqueuer(to.canDeliverLater), e.place(stream), e.sealOwn, e.withCursors(recipient.Encoding, stream, form))
	}
	message := e.message(encodingKey{recipient.Encoding, stream, form})
	if to.canDeliverLater { // without enqueuer, which would allocate for each record
		return recipient.enqueue(message)
	}
	return recipient.EnqueueControl(message)
}

// ownMessage is a message with a cursor of a client's own. Clients with the same cursor get the same message.
type ownMessage struct {
	event   *wsframe.Message // without the cursor
	cursor  string
	message *wsframe.Message
}

// withCursors encodes the record with cursors of a client's own. If the encoding permits, all but the cursor is encoded once for all clients.
func (e *Encoder) withCursors(encoding Encoding, stream atlas.Stream, form subscription.Projection) func(cursor string) *wsframe.Message {
	shared, permits := encoding.(CursorEncoding)
	if !permits || e.inReplay != nil { // a replay has one client
		return func(cursor string) *wsframe.Message {
			return encoding.EventAt(protocol.RecordEvent(stream), e.subject.Payload(form), cursor)
		}
	}
	form.Cursor = false
	event := e.message(encodingKey{encoding, stream, form})
	return func(cursor string) *wsframe.Message {
		if e.own.event != event || e.own.cursor != cursor {
			e.own = ownMessage{event, cursor, shared.WithCursor(event, cursor)}
		}
		return e.own.message
	}
}

// message encodes the record unless that has been done for another client.
func (e *Encoder) message(key encodingKey) *wsframe.Message {
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

func (e *Encoder) encode(key encodingKey) *wsframe.Message {
	name, payload := protocol.RecordEvent(key.stream), e.subject.Payload(key.form)
	if !key.form.Cursor {
		return key.encoding.Event(name, payload)
	}
	return key.encoding.EventAt(name, payload, e.sealed(key.stream))
}

// sealed is the cursor behind the record, sealed once for all clients.
func (e *Encoder) sealed(stream atlas.Stream) string {
	if e.cursor == "" {
		e.cursor = e.seal(e.token(stream))
	}
	return e.cursor
}

func (e *Encoder) token(stream atlas.Stream) cursor.Token {
	at := e.place(stream)
	return at.Token()
}

// place is where a client is behind the record in a stream.
func (e *Encoder) place(stream atlas.Stream) Place {
	at := Place{Source: e.source, Stream: stream, Checkpoint: cursor.Checkpoint{Measurement: e.record.Measurement}}
	if e.inReplay != nil {
		at.Replay = e.inReplay()
	} else {
		at.Live = cursor.LiveAt(e.record)
	}
	return at
}

func (e *Encoder) keepLast() {
	if e.others == nil {
		e.others = make(map[encodingKey]*wsframe.Message)
	}
	e.others[e.last] = e.lastDone
}
