package fanout

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// shape is what two clients must have in common to get the same message.
type shape struct {
	encoding Encoding
	stream   atlas.Stream
	form     subscription.Form
}

// frames are the encodings of one record so far. Most clients want the same shape, so the last one is at hand.
type frames struct {
	subject   *subscription.Subject
	last      shape
	lastFrame *outbox.Message
	others    map[shape]*outbox.Message
}

// reset makes another record the one that is encoded, or none.
func (f *frames) reset(record *atlas.Record) {
	f.subject.Reset(record)
	f.lastFrame = nil
	clear(f.others)
}

// enqueue gives the record to a subscriber: by itself, or to wait for others in an array. Where it offers something to the client, flush must follow.
func (f *frames) enqueue(to *member, stream atlas.Stream, form subscription.Form) (taken, offered bool) {
	buffer := to.buffers[stream]
	if form.Buffered {
		return buffer.add(f.subject.Payload(form))
	}
	if buffer != nil {
		buffer.empty()
	}
	return to.subscriber.offer(f.get(shape{to.subscriber.encoding, stream, form})) == nil, true
}

// get encodes the record unless somebody got the same shape before.
func (f *frames) get(wanted shape) *outbox.Message {
	if f.lastFrame != nil && f.last == wanted {
		return f.lastFrame
	}
	message := f.others[wanted]
	if message == nil {
		message = wanted.encoding.Event(eventName(wanted.stream), f.subject.Payload(wanted.form))
	}
	if f.lastFrame != nil {
		f.keepLast()
	}
	f.last, f.lastFrame = wanted, message
	return message
}

func (f *frames) keepLast() {
	if f.others == nil {
		f.others = make(map[shape]*outbox.Message)
	}
	f.others[f.last] = f.lastFrame
}
