package service

import (
	"context"
	"sync"
	"time"
)

// Task is a goroutine that runs until it is stopped or fails.
type Task struct {
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // once ended is closed
}

// StartTask runs a function that returns when its context ends.
func StartTask(ctx context.Context, run func(context.Context) error) *Task {
	t := &Task{ended: make(chan struct{})}
	ctx, t.cancel = context.WithCancel(ctx)
	go func() {
		defer close(t.ended)
		t.err = run(ctx)
	}()
	return t
}

// Ended is closed when the task has ended.
func (t *Task) Ended() <-chan struct{} { return t.ended }

// Err is why the task ended, once Ended is closed.
func (t *Task) Err() error {
	<-t.ended
	return t.err
}

// Cancel tells the task to stop, and does not wait.
func (t *Task) Cancel() { t.cancel() }

// Stop tells the task to stop and waits for it, but no longer than ctx lasts. It returns what the task returned.
func (t *Task) Stop(ctx context.Context) error {
	t.cancel()
	select {
	case <-t.ended:
		return t.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// RunBeside runs a function beside tasks, and ends its context as soon as one of them ends. It returns when the function has.
func RunBeside(ctx context.Context, run func(context.Context), tasks ...*Task) {
	ctx, cancel := context.WithCancel(ctx)
	var watches sync.WaitGroup
	for _, task := range tasks {
		watches.Go(func() {
			select {
			case <-task.ended:
				cancel()
			case <-ctx.Done():
			}
		})
	}
	run(ctx)
	cancel()
	watches.Wait()
}

// Pause returns after a time, or when ctx ends.
func Pause(ctx context.Context, duration time.Duration) {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
