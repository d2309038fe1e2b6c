package service_test

import (
	"context"
	"errors"
	"testing"

	"atlasstream/pkg/service"
)

func TestTaskStopsWhenToldTo(t *testing.T) {
	failed := errors.New("failed on the way out")
	task := service.StartTask(context.Background(), func(ctx context.Context) error {
		<-ctx.Done()
		return failed
	})
	if err := task.Stop(context.Background()); !errors.Is(err, failed) {
		t.Errorf("got %v, want the task's own error", err)
	}
}

func TestTaskEndsByItself(t *testing.T) {
	failed := errors.New("failed")
	task := service.StartTask(context.Background(), func(context.Context) error { return failed })
	<-task.Ended()
	if !errors.Is(task.Err(), failed) {
		t.Errorf("got %v", task.Err())
	}
}

func TestStopWaitsNoLongerThanItsContext(t *testing.T) {
	release := make(chan struct{})
	task := service.StartTask(context.Background(), func(context.Context) error { <-release; return nil })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := task.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	close(release)
	<-task.Ended()
}
