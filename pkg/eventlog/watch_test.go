package eventlog

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

var (
	errNobody = errors.New("nobody answers")
	errNoLog  = errors.New("no such topic")
)

func TestOutageIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, log := observer.New(zapcore.InfoLevel)
		var fault atomic.Pointer[error] // nil: Kafka is there
		known := availability{since: time.Now()}
		changed := known.since
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		fault.Store(&errNobody) // from the start, as it is with a wrong address
		go func() {
			defer close(ended)
			watch(ctx, func(context.Context) error {
				if err := fault.Load(); err != nil {
					return *err
				}
				return nil
			}, &known, zap.New(core))
		}()
		for _, step := range []struct {
			fault *error
			lasts time.Duration
			want  string
		}{
			{&errNobody, outageThreshold - time.Second, ""},
			{&errNobody, 2 * time.Second, "warn Kafka, or a topic in it, cannot be used; retrying"},
			{&errNobody, time.Hour, ""},
			{&errNoLog, time.Hour, ""},
			{nil, 2 * checkInterval, "info Kafka can be used again"},
			{nil, time.Hour, ""},
			{&errNobody, outageThreshold - checkInterval, ""},
			{nil, 2 * checkInterval, ""},
			{&errNoLog, 2 * outageThreshold, "warn Kafka, or a topic in it, cannot be used; retrying"},
		} {
			if was, _ := known.get(); was != (step.fault == nil) {
				changed = time.Now()
			}
			fault.Store(step.fault)
			time.Sleep(step.lasts)
			synctest.Wait()
			got := ""
			for _, entry := range log.TakeAll() {
				got += entry.Level.String() + " " + entry.Message
			}
			if got != step.want {
				t.Errorf("after %v of %v: got %q, want %q", step.lasts, step.fault, got, step.want)
			}
			if present, since := known.get(); present != (step.fault == nil) || since.Before(changed) || since.After(changed.Add(checkInterval)) {
				t.Errorf("after %v of %v: present: %t since %s, want %s", step.lasts, step.fault, present, since, changed)
			}
		}
		stop()
		<-ended
	})
}

// A broker that takes a question and does not answer it is away as well, and a check that is broken off by the end of the watch says nothing.
func TestOutageOfBrokers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, log := observer.New(zapcore.InfoLevel)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			watch(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, &availability{}, zap.New(core))
		}()
		time.Sleep(outageThreshold + checkTimeout + checkInterval)
		synctest.Wait()
		if told := log.TakeAll(); len(told) != 1 {
			t.Errorf("got %v, want one warning", told)
		}
		stop()
		<-ended
		if told := log.TakeAll(); len(told) != 0 {
			t.Errorf("at the end: got %v", told)
		}
	})
}
