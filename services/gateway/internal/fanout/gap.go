package fanout

import (
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/services/gateway/internal/sendqueue"
)

// protocol.CodeGap says that records were not delivered and will not be.

// Gap tells the subscribers of a partition that the log has lost records, from one offset to before another, before they could be delivered. With an
// end below the beginning, the log was cut or made anew, and goes on there.
func (s *Source) Gap(number int, from, to int64) {
	refusal := protocol.Refuse(protocol.CodeGap, "the log has lost the records from %d to before %d of partition %d; some may have been yours", from, to, number)
	if to < from {
		refusal = protocol.Refuse(protocol.CodeGap, "partition %d of the log was cut, from %d back to %d; some records may be lost", number, from, to)
	}
	s.partition(number).tellGap(from, to, refusal)
}

// Doubt tells the subscribers of a partition that their records may be elsewhere, as the log's partitions were changed: those that came in since a time,
// and stand from an offset on, may not be delivered.
func (s *Source) Doubt(number int, from int64, since time.Time, why error) {
	refusal := protocol.Refuse(protocol.CodeGap,
		"what came in since %s, from %d of partition %d on, and what comes from now on, may be missing, as the log's partitions were changed: %s",
		moment(since), from, number, why)
	p := s.partition(number)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, member := range p.members {
		member.tellLast(member.subscriber.client.Complaint(refusal))
		p.touch(member)
	}
}

// tellGap tells all members. Who is behind finds out by itself what the log has lost, unless its offsets begin anew.
func (p *partition) tellGap(from, to int64, refusal *protocol.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	cut := to < from
	if cut {
		p.pace.restart(to)
	}
	for _, member := range p.members {
		if member.behind != nil && !cut {
			continue
		}
		member.tellLast(member.subscriber.client.Complaint(refusal))
		p.touch(member)
		if member.behind != nil {
			member.behind.restart(to)
		}
	}
}

// tellLast enqueues a message after all that was delivered before. What does not fit is an overflow, which flush finds.
func (m *member) tellLast(message *sendqueue.Message) {
	for _, buffer := range m.buffers {
		buffer.emptyFirst()
	}
	_ = m.subscriber.tell(message)
}
