package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

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

func TestRunBesideEndsWithATask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		task := service.StartTask(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return nil })
		time.AfterFunc(time.Second, task.Cancel)
		began := time.Now()
		service.RunBeside(t.Context(), func(ctx context.Context) { service.Pause(ctx, time.Hour) }, task)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it ran for %s, want as long as the task", took)
		}
	})
}

func TestRunBesideEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		task := service.StartTask(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return nil })
		began := time.Now()
		service.RunBeside(t.Context(), func(ctx context.Context) { service.Pause(ctx, time.Minute) }, task)
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it ran for %s, want a minute", took)
		}
		if err := task.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
