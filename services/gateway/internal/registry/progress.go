package registry

import "sync"

// progress is how far a topic of one partition has been taken.
type progress struct {
	mu  sync.Mutex
	now progressed
}

type progressed struct {
	offset  int64  // the greatest that was taken; -1 before the first
	changes uint64 // that made a difference
}

func newProgress() progress { return progress{now: progressed{offset: -1}} }

func (p *progress) get() progressed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// note is called when something was taken.
func (p *progress) note(offset int64, changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.offset = max(p.now.offset, offset)
	if changed {
		p.now.changes++
	}
}
