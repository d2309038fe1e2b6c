package service_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/service"
)

func TestStopInOrderTriesEveryPart(t *testing.T) {
	var order []string
	part := func(name string, err error) service.Part {
		return service.Part{Name: name, Stop: func(context.Context) error { order = append(order, name); return err }}
	}
	full := errors.New("disk full")
	err := service.StopInOrder(zap.NewNop(), time.Second, part("listeners", nil), part("clients", full), part("kafka", nil))
	if got := strings.Join(order, " "); got != "listeners clients kafka" {
		t.Errorf("stopped %s", got)
	}
	if !errors.Is(err, full) || err.Error() != "stopping clients: disk full" {
		t.Errorf("error %v", err)
	}
}

func TestStopInOrderIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forever := make(chan struct{})
		defer close(forever)
		began := time.Now()
		err := service.StopInOrder(zap.NewNop(), 10*time.Second,
			service.Part{Name: "clients", Stop: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
			service.Part{Name: "tails", Stop: func(context.Context) error { <-forever; return nil }},
			service.Part{Name: "kafka", Stop: func(ctx context.Context) error { return ctx.Err() }},
		)
		if took := time.Since(began); took != 11*time.Second {
			t.Errorf("took %s, want the timeout and a second for the part that hangs", took)
		}
		for _, want := range []string{"stopping clients: context deadline exceeded", "stopping tails: abandoned", "stopping kafka: context deadline"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q in it", err, want)
			}
		}
	})
}
