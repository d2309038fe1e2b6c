package deliverytime

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// times are those that a timer has told.
type times []float64

func (t *times) Observe(seconds float64) { *t = append(*t, seconds) }

// Each batch that somebody wanted has one time, however many clients wanted it; partitions do not mix.
func TestBatchesThatAreWantedHaveATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got times
		timer, responded := NewTimer(&got), time.Now()
		time.Sleep(time.Second)
		timer.Written(1, responded)
		timer.Taken(1)
		timer.Taken(1)
		timer.Written(2, responded)
		time.Sleep(time.Second)
		timer.Written(1, responded)
		timer.Written(1, responded)
		timer.Taken(2)
		time.Sleep(time.Second)
		timer.Written(2, responded)
		if !slices.Equal(got, times{2, 3}) {
			t.Errorf("got %v, want 2 and 3", got)
		}
	})
}

// What a batch costs beside its delivery, however many clients get it; all partitions at once.
func BenchmarkBatch(b *testing.B) {
	timer := NewTimer(prometheus.NewHistogram(prometheus.HistogramOpts{Name: "seconds", Help: "Seconds.", Buckets: prometheus.DefBuckets}))
	var partitions atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(batches *testing.PB) {
		partition := int(partitions.Add(1))
		for batches.Next() {
			responded := time.Now()
			timer.Taken(partition)
			timer.Written(partition, responded)
		}
	})
}
