package live

import (
	"time"

	"atlasstream/services/gateway/internal/protocol"
)

// Gap tells clients that the log has lost records, from one offset to before another, before they could be delivered. With an end below the beginning, the
// log was truncated or recreated, and goes on there. The readers of detached targets find out by themselves what the log has lost, unless its offsets begin
// again.
func (p *Partition) Gap(from, to int64) {
	refusal, truncated := RefuseGap(p.Number, from, to), to < from
	p.mu.Lock()
	defer p.mu.Unlock()
	if truncated {
		p.resetOffset(to)
	}
	for _, target := range p.targets {
		reader := p.detached[target]
		switch {
		case reader == nil:
			p.sendLast(target, refusal)
			if truncated {
				target.ResetOffset(p, to)
			}
		case truncated:
			reader.ResetOffset(to, refusal)
			p.noteWritten(target)
		}
	}
}

// RefuseGap says that the log of a partition has lost the records from one offset to before another, or, with an end below the beginning, that it was truncated
// or recreated.
func RefuseGap(number int, from, to int64) *protocol.Error {
	if from <= to {
		return protocol.Refuse(protocol.CodeGap, "the log has lost the records from %d to before %d of partition %d; some may have been yours", from, to, number)
	}
	return protocol.Refuse(protocol.CodeGap, "partition %d of the log was cut or recreated, from %d back to %d; some records may be lost, and some may come again",
		number, from, to)
}

// PartitionsChanged tells clients that their records may be in another partition, as the log's partitions were changed: those that came in since a time, from
// an offset on, may not be delivered.
func (p *Partition) PartitionsChanged(from int64, since time.Time, why error) {
	refusal := protocol.Refuse(protocol.CodeGap,
		"what came in since %s, from %d of partition %d on, and what comes from now on, may be missing, as the log's partitions were changed: %s",
		since.UTC().Format(time.RFC3339), from, p.Number, why)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, target := range p.targets {
		p.sendLast(target, refusal)
	}
}
