package loadratio

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func constant(used, limit float64) Part {
	return func() (float64, float64) { return used, limit }
}

func TestTheFullestPartCounts(t *testing.T) {
	for name, test := range map[string]struct {
		parts []Part
		want  string
	}{
		"nothing":          {nil, "0"},
		"the second":       {[]Part{constant(1, 10), constant(30, 40), constant(1, 2)}, "0.75"},
		"beyond its limit": {[]Part{constant(3, 2), constant(1, 1)}, "1.5"},
		"without a limit":  {[]Part{constant(1000, 0), constant(1, 4)}, "0.25"},
	} {
		registry := prometheus.NewRegistry()
		Register(registry, test.parts...)
		err := testutil.GatherAndCompare(registry, strings.NewReader(`
			# HELP atlas_gateway_load_ratio The greatest of: clients by --max-clients, waiting bytes by --total-queue-bytes, processors in use by GOMAXPROCS. 1 is full; for autoscalers.
			# TYPE atlas_gateway_load_ratio gauge
			atlas_gateway_load_ratio `+test.want+"\n"), "atlas_gateway_load_ratio")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the process has used is averaged over the last interval, and no longer.
func TestProcessorsAreThoseOfTheLastInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var spent atomic.Int64 // nanoseconds
		ctx, stop := context.WithCancel(t.Context())
		var processors Processors
		var running sync.WaitGroup
		running.Go(func() { processors.run(ctx, func() time.Duration { return time.Duration(spent.Load()) }) })
		synctest.Wait()
		for _, step := range []struct {
			spend time.Duration
			want  float64
		}{{0, 0}, {interval / 2, 0.5}, {3 * interval, 3}, {0, 0}} {
			spent.Add(int64(step.spend))
			time.Sleep(interval)
			synctest.Wait()
			if used, limit := processors.Part(); used != step.want || limit < 1 {
				t.Errorf("after %v of %v: %g of %g processors, want %g", step.spend, interval, used, limit, step.want)
			}
		}
		stop()
		running.Wait()
	})
}

// The process itself spends time.
func TestProcessorTimeRises(t *testing.T) {
	before := processorTime()
	for deadline := time.Now().Add(10 * time.Second); processorTime() == before; {
		if time.Now().After(deadline) {
			t.Fatalf("it stays at %v", before)
		}
	}
}
