package gateway

import "context"

// task is a goroutine that runs until it is told to stop, or fails.
type task struct {
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // once ended is closed
}

func start(ctx context.Context, run func(context.Context) error) *task {
	t := &task{ended: make(chan struct{})}
	ctx, t.cancel = context.WithCancel(ctx)
	go func() {
		defer close(t.ended)
		t.err = run(ctx)
	}()
	return t
}

// stop ends the task and waits for it, but no longer than ctx lasts.
func (t *task) stop(ctx context.Context) error {
	t.cancel()
	select {
	case <-t.ended:
		return t.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
