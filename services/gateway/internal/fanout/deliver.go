package fanout

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
)

// deliver enqueues the records for those who want them and returns how often they were taken.
func (p *partition) deliver(records []atlas.Record) (taken int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range records {
		taken += p.deliverOne(&records[i])
	}
	p.frames.reset(nil)
	return taken
}

func (p *partition) deliverOne(record *atlas.Record) (taken int) {
	candidates := p.index.Candidates(record.Measurement)
	if len(candidates) == 0 {
		return 0
	}
	p.frames.reset(record)
	hidden := hides(record)
	for _, entry := range candidates {
		member := entry.Subscriber
		if hidden && !member.subscriber.rights.NonPublic {
			continue
		}
		form, matches := entry.Match(p.frames.subject)
		if !matches {
			continue
		}
		took, offered := p.frames.enqueue(member, entry.Stream, form)
		if took {
			taken++
		}
		if offered {
			p.touch(member)
		}
	}
	return taken
}

// tell enqueues a message for every member, in words of their doors and after all that was delivered before.
func (p *partition) tell(message func(Encoding) *outbox.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, member := range p.members {
		for _, buffer := range member.buffers {
			buffer.empty()
		}
		_ = member.subscriber.offer(message(member.subscriber.encoding)) // flush deals with what did not fit
		p.touch(member)
	}
}

func (p *partition) touch(member *member) {
	if !member.touched {
		member.touched = true
		p.touched = append(p.touched, member)
	}
}

// flush writes what deliver enqueued. Flushes of a partition follow one another.
func (p *partition) flush() {
	p.takeTouched()
	for _, member := range p.flushing {
		member.subscriber.flush()
	}
	clear(p.flushing)
}

// takeTouched moves the touched members to flushing.
func (p *partition) takeTouched() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.touched, p.flushing = p.flushing[:0], p.touched
	for _, member := range p.flushing {
		member.touched = false
	}
}
