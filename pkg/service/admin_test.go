package service_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/service"
)

func serveAdmin(t *testing.T, ready func(context.Context) error) (*service.Admin, string) {
	t.Helper()
	admin := service.NewAdmin("test", service.NewRegistry(), ready)
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
	expect(t, address+"/metrics", http.StatusOK, `atlas_build_info{goversion="`+runtime.Version()+`",`)
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
	expect(t, address+"/metrics", http.StatusOK, `atlas_test_drain_state{state="serving"} 1`)
	admin.Drain()
	expect(t, address+"/readyz", http.StatusServiceUnavailable, "draining")
	expect(t, address+"/healthz", http.StatusOK, "alive")
	expect(t, address+"/metrics", http.StatusOK, `atlas_test_drain_state{state="draining"} 1`)
	expect(t, address+"/metrics", http.StatusOK, `atlas_test_drain_state{state="serving"} 0`)
	admin.Stop()
	expect(t, address+"/readyz", http.StatusServiceUnavailable, "draining")
	expect(t, address+"/metrics", http.StatusOK, `atlas_test_drain_state{state="stopping"} 1`)
}

// Keep-alive connections end cleanly before the server does: HTTP/1.1 by a header, HTTP/2 by GOAWAY, which net/http sends for it.
func TestConnectionsEndWithTheirNextAnswerWhileTheServiceDrains(t *testing.T) {
	admin := service.NewAdmin("test", service.NewRegistry(), func(context.Context) error { return nil })
	server := httptest.NewServer(admin.CloseConnections(http.NotFoundHandler()))
	defer server.Close()
	for _, drains := range []bool{false, true} {
		if drains {
			admin.Drain()
		}
		response, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _ = response.Body.Close(); response.Close != drains {
			t.Errorf("drains %v: the connection ends: %v", drains, response.Close)
		}
	}
}

func TestAReadyCheckThatHangsIsNotReady(t *testing.T) {
	_, address := serveAdmin(t, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	expect(t, address+"/readyz", http.StatusServiceUnavailable, "deadline exceeded")
}

// expectReady wants the metric to say whether the service is ready.
func expectReady(t *testing.T, registry *prometheus.Registry, want bool) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "atlas_test_ready" && family.GetMetric()[0].GetGauge().GetValue() == 1 != want {
			t.Errorf("the metric does not say that it is ready: %v", want)
		}
	}
}

// The log has a line for each change of readiness, and the metric shows it, except while the service stops.
func TestReadinessIsToldWhenItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fault atomic.Pointer[error]
		registry := service.NewRegistry()
		admin := service.NewAdmin("test", registry, func(context.Context) error {
			if err := fault.Load(); err != nil {
				return *err
			}
			return nil
		})
		core, logs := observer.New(zap.InfoLevel)
		ended := make(chan struct{})
		started, unread := errors.New("not reached yet"), errors.New("probes are not read")
		fault.Store(&started)
		var logged []int // lines there were when it was ready
		go func() {
			defer close(ended)
			admin.Watch(t.Context(), zap.New(core), func() { logged = append(logged, logs.Len()) })
		}()
		for _, step := range []struct {
			fault *error
			want  string
		}{{&started, ""}, {nil, "info ready"}, {nil, ""}, {&unread, "warn no longer ready probes are not read"}, {&started, ""}, {nil, "info ready"}} {
			fault.Store(step.fault)
			time.Sleep(time.Minute)
			got := ""
			for _, entry := range logs.TakeAll() {
				got += entry.Level.String() + " " + entry.Message
				if reason := entry.ContextMap()["error"]; reason != nil {
					got += fmt.Sprint(" ", reason)
				}
			}
			if got != step.want {
				t.Errorf("while %v: got %q, want %q", step.fault, got, step.want)
			}
			expectReady(t, registry, step.fault == nil)
		}
		expectReady(t, registry, true)
		admin.Drain()
		expectReady(t, registry, false)
		fault.Store(&unread)
		<-ended
		if !slices.Equal(logged, []int{1}) {
			t.Errorf("onReady was called with %v lines, want once, after the line that says so", logged)
		}
		if logs.Len() > 0 {
			t.Errorf("told while draining: %v", logs.All())
		}
	})
}
