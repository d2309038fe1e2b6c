// Package footprint tells what this process costs. Tests bound by it what a client can make one keep, and benchmarks count by it.
package footprint

import (
	"runtime"
	"syscall"
	"time"
)

// CPU gives the processor time that the process has taken so far, user and system.
func CPU() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // it has no way to fail
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Heap gives the bytes of live objects, after garbage collections.
func Heap() (bytes int64) {
	runtime.GC()
	runtime.GC() // sync.Pool keeps what it has over the first
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
