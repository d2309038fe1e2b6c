package main

import (
	"errors"
	"time"

	"github.com/prometheus/procfs"
)

// machine is what Linux tells of the machine and a process on it, at a moment.
type machine struct {
	cpu        time.Duration // of the process, its own and the kernel's on its behalf, since it began; in steps of 10 ms
	resident   int64         // bytes of the process
	busy, idle float64       // seconds of all processors since the system began
}

func readMachine(pid int) (machine, error) {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return machine{}, err
	}
	own, err := process.Stat()
	if err != nil {
		return machine{}, err
	}
	all, err := readProcessors()
	if own.State == "Z" {
		err = errors.Join(err, errors.New("the process has ended"))
	}
	cpu := time.Duration(own.CPUTime() * float64(time.Second)).Round(time.Millisecond)
	idle := all.Idle + all.Iowait
	busy := all.User + all.Nice + all.System + all.IRQ + all.SoftIRQ + all.Steal // guests' time is in User
	return machine{cpu: cpu, resident: int64(own.ResidentMemory()), busy: busy, idle: idle}, err
}

func readProcessors() (procfs.CPUStat, error) {
	files, err := procfs.NewDefaultFS()
	if err != nil {
		return procfs.CPUStat{}, err
	}
	stat, err := files.Stat()
	return stat.CPUTotal, err
}

// since gives what was used since an earlier moment.
func (m machine) since(earlier machine) usage {
	used := usage{cpu: m.cpu - earlier.cpu, resident: m.resident}
	if all := m.busy - earlier.busy + m.idle - earlier.idle; all > 0 {
		used.busy = (m.busy - earlier.busy) / all
	}
	return used
}
