package delivery

import (
	"errors"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/recordlimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// Deliverer delivers one record after the other to those targets that want it. It is not safe for concurrent use.
type Deliverer struct {
	*encode.Encoder
	Quotas   recordlimit.Counter[*Target] // the source ends the subscriptions whose quotas are spent
	Enqueued func(*Target)                // is called with each target for whose client something is enqueued; nil for nothing
	reported subscription.Stats           // what onWork has been told
	onWork   func(subscription.Stats)
}

// NewDeliverer makes a deliverer, which is to be given a Source, that reports what it has done with records.
func NewDeliverer(shared *Shared, enricher subscription.Enricher, onWork func(subscription.Stats)) *Deliverer {
	return &Deliverer{Encoder: encode.NewEncoder(shared.Seal, enricher), onWork: onWork}
}

// Clear forgets the record and reports what was done since the last time.
func (d *Deliverer) Clear() {
	d.Encoder.Clear()
	if done := d.View.Stats(); done != d.reported {
		d.onWork(done.Sub(d.reported))
		d.reported = done
	}
}

// Deliver enqueues the record for those targets of an index that want it, and tells how often it was taken. A target that could not take it in all streams gets
// nothing more until Unblock, and is in blocked. It is called under the lock of the source.
func (d *Deliverer) Deliver(index *subscription.Index[*Target], record *atlas.Record) (taken int, blocked []*Target) {
	candidates := index.Candidates(record.Measurement)
	if len(candidates) == 0 {
		return 0, nil
	}
	d.Reset(record)
	//mutate:earlier-records-counted
	d.Quotas.Reset()
	hidden := access.IsNonPublic(record)
	for i, entry := range candidates {
		target := entry.Subscriber
		if hidden && !target.Recipient.Rights.NonPublic || target.blocked || target.Partial.Has(record, entry.Stream) {
			continue
		}
		matches, err := d.deliverTo(target, entry)
		if !matches {
			continue
		}
		if err == nil {
			taken++
		} else if target.canDeliverLater && errors.Is(err, sendqueue.ErrFull) {
			target.block(record, d.streamsOf(target, candidates[:i]))
			blocked = append(blocked, target)
		}
	}
	return taken, blocked
}

// deliverTo enqueues the record for a target if its candidate matches. If it has subscriptions that end after so many records, one lock for all sources of the
// client keeps that exact: a record counts once it is enqueued, or waits in a batch, and no further one is matched before. Errors: those of Client.Enqueue.
func (d *Deliverer) deliverTo(target *Target, candidate *subscription.Candidate[*Target]) (matches bool, err error) {
	if target.limited == 0 {
		return d.enqueueMatching(target, candidate)
	}
	target.Recipient.quotas.Lock()
	defer target.Recipient.quotas.Unlock()
	d.View.ForgetQuotas()
	matches, err = d.enqueueMatching(target, candidate)
	if matches && err == nil {
		d.Quotas.Count(target, candidate.Stream, d.View)
	}
	return matches, err
}

func (d *Deliverer) enqueueMatching(target *Target, candidate *subscription.Candidate[*Target]) (matches bool, err error) {
	form, matches := candidate.Match(d.View)
	if !matches {
		return false, nil
	}
	enqueued, err := d.enqueue(target, candidate.Stream, form)
	if enqueued && d.Enqueued != nil {
		d.Enqueued(target)
	}
	if err == nil && form.Cursor {
		candidate.IdleSince = 0
	}
	return true, err
}

// enqueue enqueues the record for a target: by itself, or to wait for others in a batch. Where it has enqueued something for the client, Recipient.Flush must
// follow. Errors: those of Client.Enqueue.
func (d *Deliverer) enqueue(to *Target, stream atlas.Stream, form subscription.Projection) (enqueued bool, err error) {
	if to.batches.IsEmpty() {
		return true, d.enqueueAlone(to, stream, form)
	}
	chosen, enqueued, err := to.batches.Choose(d.Record, stream, form)
	if err != nil {
		return enqueued, err
	}
	if chosen == nil {
		return true, d.enqueueAlone(to, stream, form)
	}
	var at cursor.Place
	if form.Cursor {
		at = d.Place(stream)
	}
	added, err := chosen.Add(d.View.Payload(form), at)
	return enqueued || added, err
}

// enqueueAlone enqueues the record by itself.
func (d *Deliverer) enqueueAlone(to *Target, stream atlas.Stream, form subscription.Projection) error {
	recipient := to.Recipient
	if checkpoints := recipient.Checkpoints.Get(); form.Cursor && checkpoints != nil { // its cursors are its own
		return checkpoints.Enqueue(recipient.enqueuer(!to.canDeliverLater), d.Place(stream), d.SealOwn, d.WithCursors(recipient.Encoding, stream, form))
	}
	message := d.Message(recipient.Encoding, stream, form)
	if to.canDeliverLater { // without enqueuer, which would allocate for each record
		return recipient.EnqueueIfRoom(message)
	}
	return recipient.EnqueueControl(message)
}

// block has the target get nothing any more until Unblock: a shorter message must not overtake the record that did not fit.
func (t *Target) block(record *atlas.Record, deliveredIn []atlas.Stream) {
	//mutate:shorter-record-overtakes
	t.blocked = true
	t.Partial.Add(record, deliveredIn)
}

// Unblock has the target get records again. It is called when those that did not fit can be read later.
func (t *Target) Unblock() { t.blocked = false }

// streamsOf are those in which a target has got the record.
func (d *Deliverer) streamsOf(target *Target, entries []*subscription.Candidate[*Target]) (streams []atlas.Stream) {
	for _, entry := range entries {
		if entry.Subscriber != target || target.Partial.Has(d.Record, entry.Stream) {
			continue
		}
		if target.limited > 0 { // its subscriptions may match no longer
			if d.Quotas.HasCounted(target, entry.Stream) {
				streams = append(streams, entry.Stream)
			}
			continue
		}
		if _, matches := entry.Match(d.View); matches {
			streams = append(streams, entry.Stream)
		}
	}
	return streams
}
