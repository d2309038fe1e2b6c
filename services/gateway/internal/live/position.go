package live

import (
	"sync"

	"atlasstream/services/gateway/internal/cursor"
)

// lastDelivered is the last record that was delivered. It has a lock of its own, under which nothing else is called: cursors of other partitions ask for it.
type lastDelivered struct {
	mu sync.Mutex
	at cursor.Live
}

func (l *lastDelivered) load() cursor.Live {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at
}

func (l *lastDelivered) store(at cursor.Live) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = at
}

// before is the position behind which the record at an offset comes, with the identity of the record there if that is the last one that was delivered.
func (p *Partition) before(next int64) cursor.Live {
	if last := p.delivered.load(); last.Offset == next-1 {
		return last
	}
	return p.noneBefore(next)
}

// noneBefore is the position behind which the record at an offset comes, where it is not known which record is there.
func (p *Partition) noneBefore(next int64) cursor.Live {
	//mutate:confirmation-cursor-too-late
	return cursor.Live{Topic: p.Topic, Partition: p.Number, Offset: next - 1}
}

// BeginBehind says that what is delivered next comes behind a record, as a tail begins.
func (p *Partition) BeginBehind(offset int64, identity uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reach(offset + 1)
	at := p.noneBefore(offset + 1)
	at.Identity = identity
	p.delivered.store(at)
}

// reach takes notice of where the log ends. If it ends before what was delivered, it was truncated or recreated while no tail followed it.
func (p *Partition) reach(next int64) {
	if next < p.Lag.Next() {
		p.resetOffset(next)
		return
	}
	p.Lag.Reach(next)
}

// resetOffset goes on at an offset of a log that was truncated or recreated.
func (p *Partition) resetOffset(next int64) {
	p.Lag.ResetOffset(next)
	p.delivered.store(p.noneBefore(next))
}
