// Package position knows where a live partition is: the last record that it delivered, and how far behind an offset is. Cursors are made of that.
package position

import (
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/lag"
	"atlasstream/services/gateway/internal/notice"
)

// Position is where a partition is. But for Delivered and the methods of Lag, its methods are called under the lock of the partition.
type Position struct {
	// Topic and Number are those of the log.
	Topic  string
	Number int
	Lag    lag.Estimator

	mu   sync.Mutex // nothing else is called under it: cursors of other partitions ask for last
	last cursor.Live
}

// New makes the position of a partition of which nothing is known.
func New(topic string, number int) *Position {
	p := &Position{Topic: topic, Number: number}
	p.last = p.noneBefore(0)
	return p
}

// Delivered is the last record that has been delivered live. It implements cursor.Source.
func (p *Position) Delivered() cursor.Live {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// IsReplay implements cursor.Source.
func (p *Position) IsReplay() bool { return false }

func (p *Position) setLast(last cursor.Live) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = last
}

// Before is the position behind which the record at an offset comes, with the identity of the record there if that is the last one that was delivered.
func (p *Position) Before(next int64) cursor.Live {
	if last := p.Delivered(); last.Offset == next-1 {
		return last
	}
	return p.noneBefore(next)
}

// BeforeStart is Before for a subscription that may begin earlier.
func (p *Position) BeforeStart(start *notice.Start, next int64) cursor.Live {
	if start == nil {
		return p.Before(next)
	}
	before := p.Before(min(start.From, next))
	if before.Identity == 0 && start.From <= next {
		before.Identity = start.Identity
	}
	return before
}

// noneBefore is the position behind which the record at an offset comes, where it is not known which record is there.
func (p *Position) noneBefore(next int64) cursor.Live {
	//mutate:confirmation-cursor-too-late
	return cursor.Live{Topic: p.Topic, Partition: p.Number, Offset: next - 1}
}

// BeginBehind says that what is delivered next comes behind a record, as a tail begins.
func (p *Position) BeginBehind(offset int64, identity uint64) {
	p.Reach(offset + 1)
	at := p.noneBefore(offset + 1)
	at.Identity = identity
	p.setLast(at)
}

// Note takes in records that are delivered now. Lags up to maxLag are known.
func (p *Position) Note(records []atlas.Record, maxLag time.Duration) {
	p.Lag.Note(records, maxLag)
	if len(records) > 0 {
		p.setLast(cursor.LiveAt(&records[len(records)-1]))
	}
}

// Reach takes notice of where the log ends. If it ends before what was delivered, it was truncated or recreated while no tail followed it.
func (p *Position) Reach(next int64) {
	if next < p.Lag.Next() {
		p.ResetOffset(next)
		return
	}
	p.Lag.Reach(next)
}

// ResetOffset goes on at an offset of a log that was truncated or recreated.
func (p *Position) ResetOffset(next int64) {
	p.Lag.ResetOffset(next)
	p.setLast(p.noneBefore(next))
}
