package live

import (
	"slices"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/wsframe"
)

// SendCursors sends an atlas_cursor to clients with cursors that have received none for some time: a client that reconnects with an old one would be refused,
// although it has missed nothing.
func (p *Partition) SendCursors() {
	for portion := range slices.Chunk(p.attached(), maxCursorsAtOnce) {
		for _, recipient := range p.enqueueCursors(portion) {
			recipient.Flush()
		}
	}
}

// maxCursorsAtOnce is for how many targets cursors are made at a time, as live records wait meanwhile.
const maxCursorsAtOnce = 256

func (p *Partition) attached() (attached []*delivery.Target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, target := range p.targets {
		if p.detached[target] == nil {
			attached = append(attached, target)
		}
	}
	return attached
}

// enqueueCursors is told by the partition's lock that targets which are still attached have everything before the offset that is delivered next.
func (p *Partition) enqueueCursors(targets []*delivery.Target) (written []*delivery.Recipient) {
	p.mu.Lock()
	defer p.mu.Unlock()
	cursors := idleCursors{partition: p, now: time.Now(), next: p.Lag.Next(), messages: make(map[cursorKey]*wsframe.Message)}
	for _, target := range targets {
		if p.targets[target.Recipient] == target && p.detached[target] == nil && cursors.enqueue(target) {
			written = append(written, target.Recipient)
		}
	}
	return written
}

// idleCursors are those behind everything that a partition has delivered, sealed and encoded once for all clients.
type idleCursors struct {
	partition *Partition
	now       time.Time
	next      int64
	messages  map[cursorKey]*wsframe.Message
}

type cursorKey struct {
	encoding    delivery.Encoding
	measurement atlas.MeasurementID
}

// enqueue tells whether it has enqueued something. What does not fit now may fit the next time.
func (c *idleCursors) enqueue(target *delivery.Target) (enqueued bool) {
	if checkpoints := target.Recipient.Checkpoints(); checkpoints != nil {
		if enqueued, fits := checkpoints.SendCursor(c.now.Add(-c.partition.settings.CursorIdle)); fits {
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
	candidate := c.partition.index.Find(target, active.Wanted)
	if candidate == nil {
		return false
	}
	wasIdle := candidate.IdleSince != 0
	if wasIdle && c.now.Sub(time.UnixMilli(candidate.IdleSince)) < c.partition.settings.CursorIdle {
		return false
	}
	candidate.IdleSince = c.now.UnixMilli()
	return wasIdle
}

func (c *idleCursors) message(target *delivery.Target, active *delivery.Active) *wsframe.Message {
	key := cursorKey{target.Recipient.Encoding, active.Wanted.Measurement}
	if c.messages[key] == nil {
		at := delivery.Place{Checkpoint: cursor.Checkpoint{Measurement: key.measurement, Live: c.partition.before(c.next)}}
		c.messages[key] = key.encoding.Cursor(target.Recipient.Seal(&at))
	}
	return c.messages[key]
}
