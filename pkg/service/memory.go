package service

import (
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare is what of a container's memory the Go runtime may take. It does not see the rest: what the kernel holds for sockets and files.
const memoryShare = 0.9

// limitMemory has the Go runtime stay within the memory of the container, by cgroup v1 or v2. The variable GOMEMLIMIT wins.
func limitMemory() {
	_, _ = memlimit.Set(memlimit.WithRatio(memoryShare)) // an error, as where there are no cgroups, leaves the limit as it was
}

// MemoryLimit returns the bytes within which the Go runtime tries to stay: GOMEMLIMIT, or nine tenths of the container's memory. It is 0 if there is no limit.
func MemoryLimit() int {
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		return int(limit)
	}
	return 0
}
