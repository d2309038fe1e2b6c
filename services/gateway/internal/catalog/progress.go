package catalog

import "sync"

// progress is how far a topic of one partition is applied.
type progress struct {
	mu  sync.Mutex
	now progressState
}

type progressState struct {
	offset  int64  // of the last record applied; -1 before the first
	changes uint64 // records that changed something
}

func newProgress() progress { return progress{now: progressState{offset: -1}} }

func (p *progress) get() progressState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// setOffset notes the offset of records that are applied in the log's order. It is lower than before if the topic was recreated.
func (p *progress) setOffset(offset int64, changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.offset = offset
	p.countChange(changed)
}

// raiseOffset notes the offset of records that are applied in any order.
func (p *progress) raiseOffset(offset int64, changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.offset = max(p.now.offset, offset)
	p.countChange(changed)
}

// reset is called when the log continues at next, perhaps because the topic was recreated.
func (p *progress) reset(next int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.offset = min(p.now.offset, next-1)
}

func (p *progress) countChange(changed bool) {
	if changed {
		p.now.changes++
	}
}
