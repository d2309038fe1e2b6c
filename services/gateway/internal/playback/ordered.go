package playback

import (
	"context"
	"errors"
	"io"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
)

// ordered gives the records of one topic inside an interval in the order of event time, as far as the window reaches. A record that comes later than that
// is given when it is met.
type ordered struct {
	source    Source // from the lowest offset that was not delivered on
	interval  Interval
	window    *window
	next      int64 // what stands before it has been read
	ended     bool
	head      *atlas.Record // what is delivered next, once it is known
	headLate  bool
	delivered place // the greatest
	skipTo    int64 // before it, what has been delivered already is met again
	late      int   // how many were delivered when their turn was over, since it was asked last

	beforeReading func() // is called when the log is about to be waited for
}

func newOrdered(source Source, interval Interval, bounds Window, from cursor.Progress) *ordered {
	o := &ordered{source: source, interval: interval, window: newWindow(bounds), next: from.Low, skipTo: from.Next}
	o.delivered = place{from.LastTime, from.LastOffset}
	//mutate:resume-repeats
	o.window.last = o.delivered
	return o
}

// peek gives the next record without taking it, or nil behind the last one.
func (o *ordered) peek(ctx context.Context) (*atlas.Record, error) {
	for o.head == nil {
		if o.head = o.window.release(o.ended); o.head != nil || o.ended {
			break
		}
		if err := o.read(ctx); err != nil {
			return nil, err
		}
	}
	return o.head, nil
}

// read takes one record into the window, or makes it the head if it is late.
func (o *ordered) read(ctx context.Context) error {
	if o.beforeReading != nil && !o.source.Ready() {
		o.beforeReading()
	}
	record, err := o.source.Next(ctx)
	if errors.Is(err, io.EOF) {
		o.ended = true
		return nil
	}
	if err != nil {
		return err
	}
	o.next = record.Position.Offset + 1
	switch at := placeOf(record); {
	case !o.interval.contains(record.Time):
	case !o.window.isLate(at):
		o.window.add(record, at)
	case record.Position.Offset >= o.skipTo:
		//mutate:late-dropped
		o.head, o.headLate = record, true
	}
	return nil
}

// take removes the head, which has been delivered.
func (o *ordered) take() {
	if o.headLate {
		o.late++
	} else {
		o.delivered = o.window.last // the head is what the window let go last
	}
	o.head, o.headLate = nil, false
}

// progress tells where to resume after a delivery. No late head waits then: it comes before everything that any topic has left, so it went first.
func (o *ordered) progress() cursor.Progress {
	//mutate:mark-last,mark-low,mark-next
	p := cursor.Progress{
		Low: o.window.lowest(o.next), Next: max(o.next, o.skipTo), LastTime: o.delivered.time, LastOffset: o.delivered.offset,
	}
	if o.head != nil {
		p.Low = min(p.Low, o.head.Position.Offset)
	}
	return p
}
