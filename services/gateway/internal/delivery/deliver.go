package delivery

import (
	"errors"
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// Deliver enqueues the record for those targets of an index that want it, and tells how often it was taken. A target that could not take it in all streams gets
// nothing more until Unblock, and is in blocked. It is called under the lock of the source.
func (e *Encoder) Deliver(index *subscription.Index[*Target], record *atlas.Record) (taken int, blocked []*Target) {
	candidates := index.Candidates(record.Measurement)
	if len(candidates) == 0 {
		return 0, nil
	}
	e.Reset(record)
	hidden := isNonPublic(record)
	for i, entry := range candidates {
		target := entry.Subscriber
		if hidden && !target.Recipient.Rights.NonPublic || target.blocked || target.hasIn(record, entry.Stream) {
			continue
		}
		matches, err := e.deliverTo(target, entry)
		if !matches {
			continue
		}
		if err == nil {
			taken++
		} else if target.canDeliverLater && errors.Is(err, sendqueue.ErrFull) {
			target.block(record, e.streamsOf(target, candidates[:i]))
			blocked = append(blocked, target)
		}
	}
	return taken, blocked
}

// deliverTo enqueues the record for a target if its candidate matches. Errors: those of Client.Enqueue.
func (e *Encoder) deliverTo(target *Target, candidate *subscription.Candidate[*Target]) (matches bool, err error) {
	if target.limited > 0 {
		return e.deliverCounted(target, candidate)
	}
	return e.enqueueMatching(target, candidate)
}

func (e *Encoder) enqueueMatching(target *Target, candidate *subscription.Candidate[*Target]) (matches bool, err error) {
	form, matches := candidate.Match(e.subject)
	if !matches {
		return false, nil
	}
	enqueued, err := e.enqueue(target, candidate.Stream, form)
	if enqueued && e.written != nil {
		e.written(target)
	}
	if err == nil && form.Cursor {
		candidate.IdleSince = 0
	}
	return true, err
}

// Deliver enqueues a record for the subscriptions that Match has added, and tells how often it was taken. When the client cannot take all of it, full is true:
// call Deliver again with the same record once the client is writable, which completes it. It is called under the target's lock.
func (t *Target) Deliver(encoder *Encoder, record *atlas.Record) (taken int, full bool) {
	taken, blocked := encoder.Deliver(&t.alone, record)
	encoder.Clear()
	t.blocked = false
	if full = len(blocked) > 0; !full && len(t.partial) > 0 {
		delete(t.partial, record.Position)
	}
	return taken, full
}

// hasIn tells whether a record has been delivered in a stream before it did not fit in another one.
func (t *Target) hasIn(record *atlas.Record, stream atlas.Stream) bool {
	//mutate:partial-delivery-repeated
	return len(t.partial) > 0 && slices.Contains(t.partial[record.Position], stream)
}

// block has the target get nothing any more until Unblock: a shorter message must not overtake the record that did not fit.
func (t *Target) block(record *atlas.Record, deliveredIn []atlas.Stream) {
	//mutate:shorter-record-overtakes
	t.blocked = true
	if len(deliveredIn) == 0 {
		return
	}
	if t.partial == nil {
		t.partial = make(map[atlas.Position][]atlas.Stream)
	}
	t.partial[record.Position] = append(t.partial[record.Position], deliveredIn...)
}

// Unblock has the target get records again. It is called when those that did not fit can be read later.
func (t *Target) Unblock() { t.blocked = false }

// streamsOf are those in which a target has got the record.
func (e *Encoder) streamsOf(target *Target, entries []*subscription.Candidate[*Target]) (streams []atlas.Stream) {
	for _, entry := range entries {
		if entry.Subscriber != target || target.hasIn(e.record, entry.Stream) {
			continue
		}
		if target.limited > 0 { // its subscriptions may match no longer
			if e.wasCounted(target, entry.Stream) {
				streams = append(streams, entry.Stream)
			}
			continue
		}
		if _, matches := entry.Match(e.subject); matches {
			streams = append(streams, entry.Stream)
		}
	}
	return streams
}

// isNonPublic tells whether a record is only for clients that may see what is not public: subscriptions to every measurement's metadata have access by no
// measurement of their own.
func isNonPublic(record *atlas.Record) bool {
	if record.Stream != atlas.StreamMetadata {
		return false
	}
	measurement, err := atlas.ParseMeasurement(record.Value)
	return err != nil || !measurement.Public
}
