// Package bufferpool keeps the memory of buffers for those who need some next.
package bufferpool

import (
	"bytes"
	"sync"
)

// Pool keeps buffers. It may be used by several goroutines at once.
type Pool struct {
	// MaxBytes is up to which capacity a buffer is kept: the memory of one long text shall not be held for ever.
	MaxBytes int
	buffers  sync.Pool
}

// Get gives an empty buffer.
func (p *Pool) Get() *bytes.Buffer {
	if kept, found := p.buffers.Get().(*bytes.Buffer); found {
		return kept
	}
	return new(bytes.Buffer)
}

// Put takes a buffer that nobody uses any more, nor its bytes.
func (p *Pool) Put(buffer *bytes.Buffer) {
	if buffer.Cap() <= p.MaxBytes {
		buffer.Reset()
		p.buffers.Put(buffer)
	}
}
