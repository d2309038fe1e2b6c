package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/procfs"

	"atlasstream/services/bench/internal/ipc"
)

// usage is what a process took of the machine within a window.
type usage struct {
	cpu      time.Duration
	resident int64   // bytes, at the window's end
	busy     float64 // share of the machine's processors that was busy with anything
}

// watch returns when the window is over. The name is that of a profile.
func (l *lab) watch(ctx context.Context, target *running, window ipc.Window, name string) (usage, error) {
	if err := waitUntil(ctx, time.UnixMicro(window.From)); err != nil {
		return usage{}, err
	}
	before, err := readMachine(target.pid())
	if err != nil {
		return usage{}, err
	}
	profiled := l.profile(ctx, target, name)
	if err := waitUntil(ctx, window.End()); err != nil {
		return usage{}, err
	}
	after, err := readMachine(target.pid())
	return after.since(before), errors.Join(err, <-profiled)
}

func waitUntil(ctx context.Context, at time.Time) error {
	select {
	case <-time.After(time.Until(at)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// profile takes a CPU profile of our gateway for most of the window, if one is wanted.
func (l *lab) profile(ctx context.Context, target *running, name string) <-chan error {
	done := make(chan error, 1)
	if target.admin == "" {
		done <- nil
		return done
	}
	go func() {
		done <- l.saveProfile(ctx, target, name, fmt.Sprintf("profile?seconds=%d", max(1, l.settings.Seconds-1)))
	}()
	return done
}

// saveProfile writes a profile of the Go runtime's to the directory for profiles, if there is one.
func (l *lab) saveProfile(ctx context.Context, target *running, name, profile string) (err error) {
	if l.settings.Profile == "" {
		return nil
	}
	response, err := get(ctx, fmt.Sprintf("http://%s/debug/pprof/%s", target.admin, profile))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: got status %s", response.Status)
	}
	file, err := os.CreateTemp(l.settings.Profile, name+"-*.pprof")
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}

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
