package catalog

import (
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// memoryLimit bounds the memory of the objects of a table, as records may be long.
type memoryLimit[T any] struct {
	bytes int64        // of all objects together
	size  func(*T) int // of one object in bytes, without objectOverhead
	brief func(*T) T   // what is kept of an object beyond the limit, which is small; nil to reject it

	abridged prometheus.Counter // objects of which only that is kept; nil if brief is
}

// objectOverhead is about how many bytes an entry takes without its texts.
const objectOverhead = 400

func (t *table[T]) sizeOf(entry *storedObject[T]) int64 {
	if entry == nil {
		return 0
	}
	return objectOverhead + int64(t.memory.size(&entry.value))
}

// fitMemory abridges an entry that replaces known, or rejects it, if it exceeds the limit.
func (t *table[T]) fitMemory(now, known *storedObject[T]) error {
	if t.bytes-t.sizeOf(known)+t.sizeOf(now) <= t.memory.bytes {
		return nil
	}
	if t.memory.brief == nil {
		t.noteMemoryFull("further objects are dropped, or stay as they are")
		return errMemoryFull
	}
	t.noteMemoryFull("further objects are kept without their texts")
	t.memory.abridged.Inc()
	now.value, now.abridged = t.memory.brief(&now.value), true
	return nil
}

// noteMemoryFull logs once that the limit is reached.
func (t *table[T]) noteMemoryFull(consequence string) {
	if t.memoryFull {
		return
	}
	t.memoryFull = true
	t.metrics.full.Set(1)
	t.logger.Warn("the memory limit for objects is reached: "+consequence, zap.Int64("bytes", t.memory.bytes))
}
