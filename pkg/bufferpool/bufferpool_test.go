package bufferpool

import (
	"bytes"
	"testing"
)

func TestPoolGivesEmptyBuffersAndKeepsNoLongOnes(t *testing.T) {
	pool := Pool{MaxBytes: 1000}
	for _, length := range []int{10, 1000, 100_000} {
		buffer := pool.Get()
		buffer.Write(make([]byte, length))
		pool.Put(buffer)
		if got := pool.Get(); got.Len() > 0 || got.Cap() > pool.MaxBytes {
			t.Errorf("after one of %d bytes: got a buffer with %d bytes, of %d", length, got.Len(), got.Cap())
		}
	}
	pool.Put(bytes.NewBuffer(make([]byte, 1001)))
	if got := pool.Get(); got.Cap() > pool.MaxBytes {
		t.Errorf("got a buffer of %d bytes", got.Cap())
	}
}
