package workload

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/testcluster"
)

// Writer writes numbered results of 1 kB to Kafka.
type Writer struct {
	Written atomic.Int64
	Stopped atomic.Bool

	writer      *eventlog.Writer
	measurement atlas.MeasurementID
}

// NewWriter makes a writer, which is closed when the test ends.
func NewWriter(t *testing.T, kafka []string, measurement atlas.MeasurementID) *Writer {
	t.Helper()
	w := &Writer{writer: testcluster.OpenLog(t, kafka).Writer(eventlog.WriterConfig{}), measurement: measurement}
	t.Cleanup(func() {
		if err := w.writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// Run writes at a steady rate until Stopped is set, and then the last result.
func (w *Writer) Run(ctx context.Context) error {
	const perSecond = 1000
	const tick, most = 20 * time.Millisecond, 500 // after a delay of the machine it catches up in portions
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for began := time.Now(); !w.Stopped.Load(); {
		due := int64(time.Since(began).Seconds() * perSecond)
		if err := w.Write(ctx, int(min(due-w.Written.Load(), most)), false); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return w.Write(ctx, 1, true)
}

// RunSlowly writes one result at a time until Stopped is set, and then the last one.
func (w *Writer) RunSlowly(ctx context.Context) error {
	for !w.Stopped.Load() {
		if err := w.Write(ctx, 1, false); err != nil {
			return err
		}
		await.Duration(ctx, 50*time.Millisecond)
	}
	return w.Write(ctx, 1, true)
}

var padding = strings.Repeat("x", 900)

// NumberedResult is a result as a Writer writes it, and as Readers and Roamers want it.
func NumberedResult(measurement atlas.MeasurementID, number int64, last bool) []byte {
	now := time.Now()
	return fmt.Appendf(nil, `{"msm_id":%d,"prb_id":1,"timestamp":%d,"type":"ping","number":%d,"written":%d,"last":%t,"padding":%q}`,
		measurement, now.Unix(), number, now.UnixMicro(), last, padding)
}

// Write writes the next results. Readers end with one that is marked as the last.
func (w *Writer) Write(ctx context.Context, count int, last bool) error {
	events := make([]atlas.Event, count)
	for i := range events {
		var err error
		if events[i], err = atlas.ParseResult(NumberedResult(w.measurement, w.Written.Add(1), last)); err != nil {
			return err
		}
	}
	return w.writer.Append(ctx, eventlog.ResultsTopic, events)
}
