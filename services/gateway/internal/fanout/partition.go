package fanout

import (
	"errors"
	"sync"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// partition is what is wanted of one partition of the log.
type partition struct {
	mu       sync.Mutex
	members  map[*Subscriber]*member
	index    subscription.Index[*member]
	frames   frames
	touched  []*member // who has something to write since the last flush
	flushing []*member // touched, while it is flushed: the two take turns
}

// member is a subscriber in one partition.
type member struct {
	*Subscriber
	subscriptions int
	touched       bool
	overfull      bool // could not keep up since the last flush
}

// add puts a subscription into the index and confirms it: results come after the confirmation.
func (p *partition) add(subscriber *Subscriber, wanted *subscription.Subscription, confirmation *outbox.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := subscriber.client.Offer(confirmation); err != nil {
		return err
	}
	if p.members == nil {
		p.members = make(map[*Subscriber]*member)
	}
	joined := p.members[subscriber]
	if joined == nil {
		joined = &member{Subscriber: subscriber}
		p.members[subscriber] = joined
	}
	joined.subscriptions++
	p.index.Add(joined, wanted)
	return nil
}

// remove takes a subscription out of the index and confirms that, if there is a confirmation: no results come after it.
func (p *partition) remove(subscriber *Subscriber, wanted *subscription.Subscription, confirmation *outbox.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	leaving := p.members[subscriber]
	p.index.Remove(leaving, wanted)
	if leaving.subscriptions--; leaving.subscriptions == 0 {
		delete(p.members, subscriber)
	}
	if confirmation == nil {
		return nil
	}
	return subscriber.client.Offer(confirmation)
}

// deliver enqueues the records for those who want them and returns how many messages that made.
func (p *partition) deliver(records []atlas.Record) (messages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range records {
		messages += p.deliverOne(&records[i])
	}
	p.frames.reset(nil)
	return messages
}

func (p *partition) deliverOne(record *atlas.Record) (messages int) {
	p.frames.reset(record)
	for _, entry := range p.index.Candidates(record.Measurement) {
		fields, matches := entry.Match(record)
		if !matches || entry.Subscriber.overfull { // after a message that did not fit, a shorter one must not slip in
			continue
		}
		message := p.frames.get(shape{entry.Subscriber.client.Encoding(), entry.Stream, fields})
		switch err := entry.Subscriber.client.Offer(message); {
		case err == nil:
			messages++
			p.touch(entry.Subscriber)
		case errors.Is(err, outbox.ErrFull):
			entry.Subscriber.overfull = true
			p.touch(entry.Subscriber)
		}
	}
	return messages
}

// tell enqueues a message for every member, in words of their doors.
func (p *partition) tell(message func(Encoding) *outbox.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, member := range p.members {
		if err := member.client.Offer(message(member.client.Encoding())); errors.Is(err, outbox.ErrFull) {
			member.overfull = true
		}
		p.touch(member)
	}
}

func (p *partition) touch(member *member) {
	if !member.touched {
		member.touched = true
		p.touched = append(p.touched, member)
	}
}

// flush writes what deliver enqueued and returns how many subscribers could not keep up. Flushes of a partition follow one another.
func (p *partition) flush() (overflows int) {
	overfull := p.takeTouched()
	for _, member := range p.flushing {
		member.client.Flush()
	}
	for _, subscriber := range overfull {
		subscriber.client.Overflow()
	}
	clear(p.flushing)
	return len(overfull)
}

// takeTouched moves the touched members to flushing and gives those among them that could not keep up.
func (p *partition) takeTouched() (overfull []*Subscriber) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.touched, p.flushing = p.flushing[:0], p.touched
	for _, member := range p.flushing {
		if member.overfull {
			overfull = append(overfull, member.Subscriber)
		}
		member.touched, member.overfull = false, false
	}
	return overfull
}
