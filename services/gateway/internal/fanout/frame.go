package fanout

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// shape is what two clients must have in common to get the same message.
type shape struct {
	encoding Encoding
	stream   atlas.Stream
	form     subscription.Projection
}

// frames are the encodings of one record so far. Most clients want the same shape, so the last one is at hand.
type frames struct {
	partition *partition
	subject   *subscription.RecordView
	last      shape
	lastFrame *sendqueue.Message
	others    map[shape]*sendqueue.Message
	cursor    string                // behind the record, once it is asked for
	counted   subscription.Stats    // what has been counted of the subject's work
	inReplay  func() *cursor.Replay // gives its position, in a replay; set for as long as a record is delivered
}

// reset makes another record the one that is encoded, or none.
func (f *frames) reset(record *atlas.Record) {
	if f.subject.Reset(record); record == nil {
		f.countWork()
	}
	f.lastFrame, f.cursor = nil, ""
	clear(f.others)
}

// countWork counts what has been done with records since it was called last.
func (f *frames) countWork() {
	done := f.subject.Stats()
	if done == f.counted {
		return
	}
	f.partition.hub.metrics.work.add(done.Sub(f.counted))
	f.counted = done
}

// enqueue gives the record to a subscriber: by itself, or to wait for others in an array. Where it offers something to the client, flush must follow.
// Errors: those of Client.Enqueue.
func (f *frames) enqueue(to *member, stream atlas.Stream, form subscription.Projection) (offered bool, err error) {
	if len(to.buffers) > 0 {
		return f.enqueueBuffered(to, stream, form)
	}
	return true, f.offer(to, stream, form)
}

// enqueueBuffered keeps the order of records of which some wait in buffers.
func (f *frames) enqueueBuffered(to *member, stream atlas.Stream, form subscription.Projection) (offered bool, err error) {
	var into *buffer
	for _, cursors := range []bool{false, true} {
		buffer := to.buffers[bufferFor(stream, f.subject.Record().Measurement, cursors)]
		if form.Buffered && cursors == form.Cursor {
			into = buffer
			continue
		}
		if buffer == nil {
			continue
		}
		offered = true
		if err := buffer.empty(); err != nil {
			return true, err
		}
	}
	if into == nil {
		return true, f.offer(to, stream, form)
	}
	var at place
	if form.Cursor {
		at = f.place(stream)
	}
	added, err := into.add(f.subject.Payload(form), at)
	return offered || added, err
}

// offer gives the record to a subscriber by itself.
func (f *frames) offer(to *member, stream atlas.Stream, form subscription.Projection) error {
	subscriber := to.subscriber
	if tracker := subscriber.tracker.Load(); form.Cursor && tracker != nil { // its cursors are its own
		return tracker.offer(subscriber.offerOf(f.partition.patient), protocol.RecordEvent(stream), f.subject.Payload(form), f.place(stream))
	}
	message := f.get(shape{subscriber.encoding, stream, form})
	if f.partition.patient {
		return subscriber.offer(message)
	}
	return subscriber.tell(message)
}

// get encodes the record unless somebody got the same shape before.
func (f *frames) get(wanted shape) *sendqueue.Message {
	if f.lastFrame != nil && f.last == wanted {
		return f.lastFrame
	}
	message := f.others[wanted]
	if message == nil {
		message = f.encode(wanted)
	}
	if f.lastFrame != nil {
		f.keepLast()
	}
	f.last, f.lastFrame = wanted, message
	return message
}

func (f *frames) encode(wanted shape) *sendqueue.Message {
	name, payload := protocol.RecordEvent(wanted.stream), f.subject.Payload(wanted.form)
	if !wanted.form.Cursor {
		return wanted.encoding.Event(name, payload)
	}
	if f.cursor == "" {
		f.cursor = f.partition.hub.cursor(f.place(wanted.stream))
	}
	return wanted.encoding.EventAt(name, payload, f.cursor)
}

// place is where a client stands behind the record in a stream.
func (f *frames) place(stream atlas.Stream) place {
	record := f.subject.Record()
	at := place{partition: f.partition, stream: stream, Checkpoint: cursor.Checkpoint{Measurement: record.Measurement}}
	if f.inReplay != nil {
		at.Replay = f.inReplay()
	} else {
		at.Live = cursor.Live(record.Position)
	}
	return at
}

func (f *frames) keepLast() {
	if f.others == nil {
		f.others = make(map[shape]*sendqueue.Message)
	}
	f.others[f.last] = f.lastFrame
}
