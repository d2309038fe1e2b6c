package loadratio

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// interval is over how long the use of processors is averaged: garbage collection and single bursts of records are no load.
const interval = 15 * time.Second

// Processors measures how many processors the process uses. The zero value is ready for Run.
type Processors struct {
	used atomic.Uint64 // float64bits
}

// Part implements Part: of as many processors as the Go runtime may use.
func (p *Processors) Part() (used, limit float64) {
	return math.Float64frombits(p.used.Load()), float64(runtime.GOMAXPROCS(0))
}

// Run measures until ctx ends.
func (p *Processors) Run(ctx context.Context) { p.run(ctx, processorTime) }

func (p *Processors) run(ctx context.Context, spent func() time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	before, at := spent(), time.Now()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		after, now := spent(), time.Now()
		p.used.Store(math.Float64bits((after - before).Seconds() / now.Sub(at).Seconds()))
		before, at = after, now
	}
}

// processorTime is what the process has used since it began, its own and the kernel's on its behalf.
func processorTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // it fails for another process only
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
