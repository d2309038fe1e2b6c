package replay

import (
	"context"
	"errors"
	"io"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/reorder"
	"atlasstream/services/gateway/internal/topicrange"
)

// reordered gives the records of one topic inside an interval in the order of event time, as far as the window reaches. A record that comes later than that
// is given when it is met.
type reordered struct {
	reader    LogReader // from the lowest offset that was not delivered
	interval  topicrange.Interval
	window    *reorder.Window
	next      int64 // the offset before which all has been read
	ended     bool
	head      *atlas.Record // what is delivered next, once it is known
	headLate  bool
	delivered reorder.Key // the greatest
	identity  uint64      // of the record that it is of
	skipTo    int64       // before it, the log is read again
	late      int         // how many were delivered out of order, since takeLate

	beforeReading func() // is called when the log is about to be waited for
}

func newReordered(reader LogReader, interval topicrange.Interval, bounds reorder.Bounds, from cursor.Progress) *reordered {
	o := &reordered{reader: reader, interval: interval, window: reorder.New(bounds), next: from.Low, skipTo: from.Next}
	o.delivered, o.identity = reorder.Key{Time: from.LastTime, Offset: from.LastOffset}, from.LastIdentity
	//mutate:resume-repeats
	o.window.Last = o.delivered
	return o
}

// peek gives the next record without taking it, or nil behind the last one.
func (o *reordered) peek(ctx context.Context) (*atlas.Record, error) {
	for o.head == nil {
		if o.head = o.window.Next(o.ended); o.head != nil || o.ended {
			break
		}
		if err := o.read(ctx); err != nil {
			return nil, err
		}
	}
	return o.head, nil
}

// read takes one record into the window, or makes it the head if it is late.
func (o *reordered) read(ctx context.Context) error {
	if o.beforeReading != nil && !o.reader.Ready() {
		o.beforeReading()
	}
	record, err := o.reader.Next(ctx)
	if errors.Is(err, io.EOF) {
		o.ended = true
		return nil
	}
	if err != nil {
		return err
	}
	o.next = record.Position.Offset + 1
	switch key := reorder.KeyOf(record); {
	case !o.interval.Contains(record.Time):
	case !o.window.IsLate(key):
		o.window.Add(record, key)
	case record.Position.Offset >= o.skipTo:
		//mutate:late-record-dropped
		o.head, o.headLate = record, true
	}
	return nil
}

// take removes the head, which has been delivered.
func (o *reordered) take() {
	if o.headLate {
		o.late++
	} else {
		o.delivered, o.identity = o.window.Last, o.head.ID.Identity() // the head is what the window let go last
	}
	o.head, o.headLate = nil, false
}

// progress tells where to resume after a delivery. No late head waits then: it is before everything that any topic has left, so it was delivered first.
func (o *reordered) progress() cursor.Progress {
	//mutate:replay-cursor-skips-next,replay-cursor-skips-window,replay-cursor-loses-progress
	p := cursor.Progress{
		Low: o.window.Lowest(o.next), Next: max(o.next, o.skipTo), LastTime: o.delivered.Time, LastOffset: o.delivered.Offset, LastIdentity: o.identity,
	}
	if o.head != nil {
		p.Low = min(p.Low, o.head.Position.Offset)
	}
	return p
}
