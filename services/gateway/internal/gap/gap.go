// Package gap tells clients that records are lost to them, and which.
package gap

import (
	"time"

	"atlasstream/services/gateway/internal/cursorevent"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/protocol"
)

// Announce tells the clients of a partition that the log has lost records, from one offset to before another, before they could be delivered. With an end
// below the beginning, the log was truncated or recreated, and goes on there. The readers of detached targets find out by themselves what the log has lost,
// unless its offsets begin again. Partition.Flush must follow.
func Announce(p *live.Partition, from, to int64) {
	refusal, truncated := Lost(p.Number, from, to), to < from
	p.Do(func(locked *live.Locked) {
		if truncated {
			locked.ResetOffset(to)
		}
		for target, reader := range locked.Targets() {
			switch {
			case reader == nil:
				locked.SendAfterRecords(target, refusal)
				if truncated {
					cursorevent.ResetOffset(target, p, to)
				}
			case truncated:
				reader.ResetOffset(to, refusal)
				locked.NoteUnflushed(target)
			}
		}
	})
}

// Lost says that the log of a partition has lost the records from one offset to before another, or, with an end below the beginning, that it was truncated
// or recreated.
func Lost(number int, from, to int64) *protocol.Error {
	if from <= to {
		return protocol.Errorf(protocol.CodeGap, "the log has lost the records from %d to before %d of partition %d; some may have been yours", from, to, number)
	}
	return protocol.Errorf(protocol.CodeGap, "partition %d of the log was cut or recreated, from %d back to %d; some records may be lost, and some may come again",
		number, from, to)
}

// PartitionsChanged tells the clients of a partition that their records may be in another one, as the log's partitions were changed: those that came in since a
// time, from an offset on, may not be delivered. Partition.Flush must follow.
func PartitionsChanged(p *live.Partition, from int64, since time.Time, why error) {
	refusal := protocol.Errorf(protocol.CodeGap,
		"what came in since %s, from %d of partition %d on, and what comes from now on, may be missing, as the log's partitions were changed: %s",
		since.UTC().Format(time.RFC3339), from, p.Number, why)
	p.Do(func(locked *live.Locked) {
		for target := range locked.Targets() {
			locked.SendAfterRecords(target, refusal)
		}
	})
}
