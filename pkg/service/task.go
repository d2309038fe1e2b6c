package service

import "context"

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
