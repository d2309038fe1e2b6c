package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// memoryFigures is what idle connections hold.
type memoryFigures struct {
	Connections int
	BytesEach   float64 // of heap and stack in use
	StackEach   float64 // bytes of that which are stack
	Resident    int64   // bytes of the process with all connections
}

// memory connects and subscribes clients that get nothing, and compares what the gateway holds with what it held for one.
func (l *lab) memory(ctx context.Context, connections int) (figures memoryFigures, err error) {
	target, err := l.startServer(ctx, servers["ours"])
	if err != nil {
		return figures, err
	}
	defer target.stop()
	first, err := l.startClients(ctx, target.address, "websocket", scenario{Clients: 1, Measurements: 1})
	if err != nil {
		return figures, err
	}
	defer first.stop()
	before, err := target.inUse(ctx)
	if err != nil {
		return figures, err
	}
	others, err := l.startClients(ctx, target.address, "websocket", scenario{Clients: connections, Measurements: 1})
	if err != nil {
		return figures, err
	}
	defer others.stop()
	after, err := target.inUse(ctx)
	if err != nil {
		return figures, err
	}
	now, err := readMachine(target.pid())
	return memoryFigures{
		Connections: connections,
		BytesEach:   (after.total() - before.total()) / float64(connections),
		StackEach:   (after.stack - before.stack) / float64(connections),
		Resident:    now.resident,
	}, errors.Join(err, l.saveProfile(ctx, target, "memory", "heap"))
}

// inUse is memory of a Go program, in bytes.
type inUse struct{ heap, stack float64 }

func (m inUse) total() float64 { return m.heap + m.stack }

// inUse gives the memory in use once garbage collections find no more to free.
func (r *running) inUse(ctx context.Context) (inUse, error) {
	const settled = 0.01
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	for last := math.Inf(1); ; {
		now, err := r.inUseAfterGC(ctx)
		if err != nil {
			return inUse{}, err
		}
		if math.Abs(last-now.total()) < settled*now.total() {
			return now, nil
		}
		last = now.total()
		if err := waitUntil(ctx, time.Now().Add(time.Second)); err != nil {
			return inUse{}, fmt.Errorf("memory did not settle: %w", err)
		}
	}
}

func (r *running) inUseAfterGC(ctx context.Context) (inUse, error) {
	for range 2 { // pools survive the first
		if err := answersOK(ctx, "http://"+r.admin+"/debug/pprof/heap?gc=1"); err != nil {
			return inUse{}, err
		}
	}
	var memory inUse
	var errHeap, errStack error
	memory.heap, errHeap = r.sumOf(ctx, "go_memstats_heap_inuse_bytes")
	memory.stack, errStack = r.sumOf(ctx, "go_memstats_stack_inuse_bytes")
	return memory, errors.Join(errHeap, errStack)
}

func (r *report) addMemory(progress io.Writer, f memoryFigures) {
	r.Memory = append(r.Memory, f)
	fmt.Fprintf(progress, "memory: %.0f bytes (%.0f of them stack) for each of %d idle connections\n", f.BytesEach, f.StackEach, f.Connections)
}

// maxBytesEach is a bar: the memory of an idle connection.
const maxBytesEach = 8 << 10

func (r *report) memoryBars() []bar {
	if len(r.Memory) == 0 {
		return nil
	}
	each := medianOf(r.Memory, func(f memoryFigures) float64 { return f.BytesEach })
	return []bar{newBar("memory: an idle connection", each, maxBytesEach, "bytes")}
}
