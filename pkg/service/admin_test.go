package service_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"atlasstream/pkg/service"
)

func serveAdmin(t *testing.T, ready func(context.Context) error) (*service.Admin, string) {
	t.Helper()
	admin := service.NewAdmin(service.NewRegistry(), ready)
	listener := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	returned := make(chan error, 1)
	go func() { returned <- admin.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-returned; err != nil {
			t.Error(err)
		}
	})
	return admin, "http://" + listener.Addr().String()
}

func expect(t *testing.T, url string, status int, part string) {
	t.Helper()
	got, body, err := get(t, url)
	if err != nil || got != status || !strings.Contains(body, part) {
		t.Errorf("GET %s: status %d, error %v, body %.200q, want status %d and %q", url, got, err, body, status, part)
	}
}

func TestAdminServesItsPaths(t *testing.T) {
	_, address := serveAdmin(t, func(context.Context) error { return nil })
	expect(t, address+"/healthz", http.StatusOK, "alive")
	expect(t, address+"/readyz", http.StatusOK, "ready")
	expect(t, address+"/metrics", http.StatusOK, "go_goroutines")
	expect(t, address+"/metrics", http.StatusOK, "process_cpu_seconds_total")
	expect(t, address+"/debug/pprof/", http.StatusOK, "goroutine")
	expect(t, address+"/debug/pprof/heap", http.StatusOK, "")
	expect(t, address+"/", http.StatusNotFound, "")
}

func TestReadyFollowsItsCheckAndTheDrain(t *testing.T) {
	var kafkaAnswers atomic.Bool
	admin, address := serveAdmin(t, func(context.Context) error {
		if !kafkaAnswers.Load() {
			return errors.New("no broker answers")
		}
		return nil
	})
	expect(t, address+"/readyz", http.StatusServiceUnavailable, "not ready: no broker answers")
	kafkaAnswers.Store(true)
	expect(t, address+"/readyz", http.StatusOK, "ready")
	admin.Drain()
	expect(t, address+"/readyz", http.StatusServiceUnavailable, "draining")
	expect(t, address+"/healthz", http.StatusOK, "alive")
}

func TestAReadyCheckThatHangsIsNotReady(t *testing.T) {
	_, address := serveAdmin(t, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	expect(t, address+"/readyz", http.StatusServiceUnavailable, "deadline exceeded")
}
