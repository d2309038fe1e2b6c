package catalog

import "sync"

// progress is how far a topic of one partition has been taken.
type progress struct {
	mu  sync.Mutex
	now progressed
}

type progressed struct {
	offset  int64  // of the last that was taken; -1 before the first
	changes uint64 // that made a difference
}

func newProgress() progress { return progress{now: progressed{offset: -1}} }

func (p *progress) get() progressed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// come is called when what comes in the order of the log was taken, which begins anew where that is another one.
func (p *progress) come(offset int64, changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.offset = offset
	p.note(changed)
}

// rise is called when what comes in any order was taken.
func (p *progress) rise(offset int64, changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.offset = max(p.now.offset, offset)
	p.note(changed)
}

// goOn is called when the log goes on at an offset, which may be another log.
func (p *progress) goOn(next int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.offset = min(p.now.offset, next-1)
}

func (p *progress) note(changed bool) {
	if changed {
		p.now.changes++
	}
}
