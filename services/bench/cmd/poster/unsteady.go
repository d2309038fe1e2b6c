package main

import (
	"context"
	"io"
	"sync"
	"time"

	"atlasstream/services/bench/internal/batches"
	"atlasstream/services/bench/internal/ipc"
)

// refusalPause is how long a sender waits after a refusal, so that it costs the collector, and not the machine.
const refusalPause = 50 * time.Millisecond

// flood sends without a rate until the parent's window is over, and reports what was taken within it and what was refused.
func flood(ctx context.Context, parent *ipc.Channel, atOnce, size int, send func(ctx context.Context, n int) error) error {
	var mu sync.Mutex
	var load ipc.Load
	return unsteady(ctx, parent, atOnce, &load, func(ctx context.Context, n int, window func() *ipc.Window) {
		for ; ctx.Err() == nil; n++ {
			err := send(ctx, n%batches.Different)
			mu.Lock()
			switch within := window().Contains(time.Now().UnixMicro()); {
			case !within:
			case err != nil:
				load.Failed += size
			default:
				load.Records += size
			}
			mu.Unlock()
			if err != nil {
				pause(ctx)
			}
		}
	})
}

// stall begins bodies, and begins another one for each that the collector gives up, until the parent's window is over.
func stall(ctx context.Context, parent *ipc.Channel, from *poster, bodies int) error {
	return unsteady(ctx, parent, bodies, &ipc.Load{}, func(ctx context.Context, _ int, _ func() *ipc.Window) {
		for ctx.Err() == nil {
			beginBody(ctx, from)
			pause(ctx)
		}
	})
}

func beginBody(ctx context.Context, from *poster) {
	reader, writer := io.Pipe()
	defer context.AfterFunc(ctx, func() { _ = writer.Close() })()
	var writing sync.WaitGroup
	writing.Go(func() { _, _ = io.WriteString(writer, `{"msm_id":1001,`) })
	_ = from.post(ctx, reader) // it is refused, sooner or later
	_ = reader.Close()
	writing.Wait()
}

// unsteady runs senders until the end of the window that the parent sends once they run, and then reports.
func unsteady(ctx context.Context, parent *ipc.Channel, senders int, load *ipc.Load, send func(ctx context.Context, n int, window func() *ipc.Window)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	var window *ipc.Window
	current := func() *ipc.Window { mu.Lock(); defer mu.Unlock(); return window }
	var running sync.WaitGroup
	for n := range senders {
		running.Go(func() { send(ctx, n, current) })
	}
	if err := parent.Send(ipc.Ready{Count: senders}); err != nil {
		return err
	}
	received := &ipc.Window{}
	if err := parent.Receive(received); err != nil {
		return err
	}
	mu.Lock()
	window = received
	mu.Unlock()
	pauseUntil(ctx, received.End())
	stop()
	running.Wait()
	defer parent.AwaitEnd() // until then the parent looks at what this process took of the machine
	return parent.Send(load)
}

func pause(ctx context.Context) { pauseUntil(ctx, time.Now().Add(refusalPause)) }

func pauseUntil(ctx context.Context, end time.Time) {
	select {
	case <-time.After(time.Until(end)):
	case <-ctx.Done():
	}
}
