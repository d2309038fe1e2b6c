package fanout

import (
	"errors"
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// deliver enqueues the records for those who want them and returns how often they were taken. Who cannot take a record reads it later.
func (p *partition) deliver(records []atlas.Record) (taken int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range records {
		taken += p.deliverOne(&p.index, &records[i], nil)
		//mutate:feed-begins-late
		p.fallBehind(records[i].Position.Offset)
		p.noteLength(&records[i])
	}
	p.pace.note(records, p.hub.settings.Behind.Time)
	p.passed.Store(p.pace.next)
	p.frames.reset(nil)
	return taken
}

// deliverOne enqueues a record for those of an index who want it, but for streams that were given it before. Who cannot take it stands in fallen then.
func (p *partition) deliverOne(index *subscription.Index[*member], record *atlas.Record, given []atlas.Stream) (taken int) {
	candidates := index.Candidates(record.Measurement)
	if len(candidates) == 0 {
		return 0
	}
	p.frames.reset(record)
	return p.offerTo(candidates, hides(record), given)
}

func (p *partition) offerTo(candidates []*subscription.Candidate[*member], hidden bool, given []atlas.Stream) (taken int) {
	for i, entry := range candidates {
		member := entry.Subscriber
		if hidden && !member.subscriber.rights.NonPublic || member.fell || slices.Contains(given, entry.Stream) {
			continue
		}
		form, matches := entry.Match(p.frames.subject)
		if !matches {
			continue
		}
		offered, err := p.frames.enqueue(member, entry.Stream, form)
		if offered && member.behind == nil {
			p.touch(member)
		}
		if err == nil {
			taken++
		} else if p.patient && errors.Is(err, sendqueue.ErrFull) {
			p.fall(member, append(slices.Clone(given), p.streamsOf(member, candidates[:i])...))
		}
	}
	return taken
}

// fallen is a member whose client could not take a record, though perhaps in some streams.
type fallen struct {
	member *member
	given  []atlas.Stream
}

// fall has a member get nothing any more until fallen is emptied: a shorter message must not slip in.
func (p *partition) fall(member *member, given []atlas.Stream) {
	//mutate:fallen-gets-more
	member.fell = true
	p.fallen = append(p.fallen, fallen{member, given})
}

// takeFallen gives those who fell and empties fallen.
func (p *partition) takeFallen() (all []fallen) {
	all, p.fallen = p.fallen, nil
	for _, fallen := range all {
		fallen.member.fell = false
	}
	return all
}

// streamsOf are those in which a member matches the record.
func (p *partition) streamsOf(member *member, entries []*subscription.Candidate[*member]) (streams []atlas.Stream) {
	for _, entry := range entries {
		if _, matches := entry.Match(p.frames.subject); matches && entry.Subscriber == member {
			streams = append(streams, entry.Stream)
		}
	}
	return streams
}

func (p *partition) touch(member *member) {
	if !member.touched {
		member.touched = true
		p.touched = append(p.touched, member)
	}
}

// flush writes what deliver enqueued. Flushes of a partition follow one another.
func (p *partition) flush() {
	ended := p.takeTouched()
	for _, member := range p.flushing {
		member.subscriber.flush()
	}
	if !p.patient {
		p.waiting.awaitAll(p.flushing)
	}
	clear(p.flushing)
	release(ended)
}

// takeTouched moves the touched members to flushing, and gives the memberships that have ended meanwhile.
func (p *partition) takeTouched() (ended []*membership) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.touched, p.flushing = p.flushing[:0], p.touched
	for _, member := range p.flushing {
		member.touched = false
	}
	return p.takeEnded()
}
