// Package footprint measures the processor time and memory of this process, for tests of limits and for benchmarks.
package footprint

import (
	"runtime"
	"syscall"
	"time"
)

// CPU is the processor time of the process so far, user and system.
func CPU() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // cannot fail
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Heap is the bytes of live objects after garbage collections.
func Heap() (bytes int64) {
	runtime.GC()
	runtime.GC() // sync.Pool keeps its objects over the first
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
