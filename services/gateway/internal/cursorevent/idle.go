// Package cursorevent sends atlas_cursor, which tells a client without records where it is: when no record with a cursor has come for some time, and when a log
// begins again, where older cursors are of no use.
//
//   - idle.go: to idle clients.
//   - resetoffset.go: where a log begins again.
package cursorevent

import (
	"slices"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/wsframe"
)

// SendIdle sends an atlas_cursor to clients of a partition with cursors that have received none for so long: a client that reconnects with an old one would be
// refused, although it has missed nothing.
func SendIdle(partition *live.Partition, after time.Duration) {
	for portion := range slices.Chunk(attached(partition), maxAtOnce) {
		for _, recipient := range enqueue(partition, portion, after) {
			recipient.Flush()
		}
	}
}

// maxAtOnce is for how many targets cursors are made at a time, as live records wait meanwhile.
const maxAtOnce = 256

func attached(partition *live.Partition) (attached []*delivery.Target) {
	partition.Do(func(locked *live.Locked) {
		for target, reader := range locked.Targets() {
			if reader == nil {
				attached = append(attached, target)
			}
		}
	})
	return attached
}

// enqueue is told by the partition's lock that targets which are still attached have everything before the offset that is delivered next.
func enqueue(partition *live.Partition, targets []*delivery.Target, after time.Duration) (written []*delivery.Recipient) {
	partition.Do(func(locked *live.Locked) {
		cursors := idleCursors{
			partition: locked, behind: partition.Before(partition.Lag.Next()), now: time.Now(), after: after, messages: make(map[messageKey]*wsframe.Message),
		}
		for _, target := range targets {
			if locked.IsAttached(target) && cursors.enqueue(target) {
				written = append(written, target.Recipient)
			}
		}
	})
	return written
}

// idleCursors are those behind everything that a partition has delivered, sealed and encoded once for all clients.
type idleCursors struct {
	partition *live.Locked
	behind    cursor.Live
	now       time.Time
	after     time.Duration
	messages  map[messageKey]*wsframe.Message
}

type messageKey struct {
	encoding    encode.Encoding
	measurement atlas.MeasurementID
}

// enqueue tells whether it has enqueued something. What does not fit now may fit the next time.
func (c *idleCursors) enqueue(target *delivery.Target) (enqueued bool) {
	if checkpoints := target.Recipient.Checkpoints.Get(); checkpoints != nil {
		if enqueued, fits := checkpoints.SendCursor(c.now.Add(-c.after)); fits {
			return enqueued
		}
	}
	for _, active := range target.Actives {
		if c.isIdle(target, active) && target.Recipient.EnqueueIfRoom(c.message(target, active)) == nil {
			enqueued = true
		}
	}
	return enqueued
}

// isIdle tells whether nothing with a cursor has come for a subscription for some time, nor waits for it in a batch.
func (c *idleCursors) isIdle(target *delivery.Target, active *delivery.Active) bool {
	//mutate:cursor-past-batch
	if !active.Wanted.Cursor.Wanted || target.HasBatchWaiting(active) {
		return false
	}
	candidate := c.partition.Candidate(active, target)
	if candidate == nil {
		return false
	}
	wasIdle := candidate.IdleSince != 0
	if wasIdle && c.now.Sub(time.UnixMilli(candidate.IdleSince)) < c.after {
		return false
	}
	candidate.IdleSince = c.now.UnixMilli()
	return wasIdle
}

func (c *idleCursors) message(target *delivery.Target, active *delivery.Active) *wsframe.Message {
	key := messageKey{target.Recipient.Encoding, active.Wanted.Measurement}
	if c.messages[key] == nil {
		at := cursor.Place{Checkpoint: cursor.Checkpoint{Measurement: key.measurement, Live: c.behind}}
		c.messages[key] = key.encoding.Cursor(target.Recipient.Seal(&at))
	}
	return c.messages[key]
}
