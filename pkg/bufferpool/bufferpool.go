// Package bufferpool is a pool of buffers that keeps no long ones.
package bufferpool

import (
	"bytes"
	"sync"
)

// Pool is safe for concurrent use.
type Pool struct {
	// MaxBytes is the largest capacity, in bytes, of a buffer that is kept, so that the memory of one long text is freed.
	MaxBytes int
	buffers  sync.Pool
}

// Get returns an empty buffer.
func (p *Pool) Get() *bytes.Buffer {
	if kept, found := p.buffers.Get().(*bytes.Buffer); found {
		return kept
	}
	return new(bytes.Buffer)
}

// Put returns a buffer to the pool. Neither it nor its bytes may be used afterwards.
func (p *Pool) Put(buffer *bytes.Buffer) {
	if buffer.Cap() <= p.MaxBytes {
		buffer.Reset()
		p.buffers.Put(buffer)
	}
}
