package volume

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/topicrange"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	lateness = time.Hour
	live     = "live"
	// mostAlong is how many times as much as is gone through may be read, with what comes along.
	mostAlong = 4
)

// fakeLog is a log in memory, of one partition a topic.
type fakeLog struct {
	length int64 // of a record
	batch  int64 // records that come together
	topics map[string]*fakeTopic

	scans, timeFor int // scans that there were, and for how many there is time; 0: for all

	mu           sync.Mutex
	lookUps      int
	atOnce, most int // look-ups
	beforeLookUp func()
}

type fakeTopic struct {
	first   int64
	records []fakeRecord
	newest  []time.Time // the latest time of a record up to each
}

type fakeRecord struct {
	measurement atlas.MeasurementID
	at          time.Time
}

func newLog(length int64) *fakeLog {
	return &fakeLog{length: length, batch: 1, topics: map[string]*fakeTopic{live: {}}, beforeLookUp: func() {}}
}

func (l *fakeLog) add(name string, entries ...fakeRecord) {
	if l.topics[name] == nil {
		l.topics[name] = &fakeTopic{}
	}
	to := l.topics[name]
	for _, one := range entries {
		newest := one.at
		if last := len(to.newest) - 1; last >= 0 && to.newest[last].After(newest) {
			newest = to.newest[last]
		}
		to.records, to.newest = append(to.records, one), append(to.newest, newest)
	}
}

func (l *fakeLog) parts() (parts []topicrange.Partition) {
	for name, of := range l.topics {
		parts = append(parts, topicrange.Partition{Topic: name, Live: name == live, First: of.first, Next: of.first + int64(len(of.records))})
	}
	slices.SortFunc(parts, func(a, b topicrange.Partition) int { return slices.Compare([]string{a.Topic}, []string{b.Topic}) })
	return parts
}

// OffsetAt finds the first record that is not older: it is the first at which the latest time so far is not earlier.
func (l *fakeLog) OffsetAt(_ context.Context, name string, _ int, at time.Time) (int64, error) {
	l.mu.Lock()
	l.lookUps++
	l.atOnce++
	l.most = max(l.most, l.atOnce)
	l.mu.Unlock()
	l.beforeLookUp()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.atOnce--
	}()
	of := l.topics[name]
	index, _ := slices.BinarySearchFunc(of.newest, at, time.Time.Compare)
	return of.first + int64(index), nil
}

func (l *fakeLog) ScanWithin(
	_ context.Context, name string, _ int, from, to, most int64, see func(atlas.MeasurementID, time.Time) bool, came func(records, bytes int64),
) (next, bytes int64, err error) {
	defer func() {
		records := l.inBatches(name, from, next)
		came(records, bytes+(records-(next-from))*l.length)
	}()
	if l.scans++; l.timeFor > 0 && l.scans > l.timeFor {
		return from, 0, context.DeadlineExceeded
	}
	of := l.topics[name]
	for next = from; next < to && bytes < most; next++ {
		bytes += l.length
		if one := of.records[next-of.first]; !see(one.measurement, one.at) {
			return next + 1, bytes, nil
		}
	}
	return next, bytes, nil
}

// inBatches is how many records there are in the batches that records are in, from an offset to before another.
func (l *fakeLog) inBatches(name string, from, to int64) int64 {
	if from == to {
		return 0
	}
	first, end := l.topics[name].first, l.topics[name].first+int64(len(l.topics[name].records))
	return min(first+(to-first+l.batch-1)/l.batch*l.batch, end) - (from - (from-first)%l.batch)
}

// estimator makes one that remembers nothing yet.
func (l *fakeLog) estimator() *Estimator {
	return New(l, answerscan.New(l, prometheus.NewRegistry()), lateness)
}

func (l *fakeLog) volume(t testing.TB, measurement atlas.MeasurementID, from, to time.Time, buckets int) *Volume {
	t.Helper()
	return l.ask(t, l.estimator(), measurement, from, to, buckets)
}

func (l *fakeLog) ask(t testing.TB, estimator *Estimator, measurement atlas.MeasurementID, from, to time.Time, buckets int) *Volume {
	t.Helper()
	volume, err := estimator.Volume(t.Context(), Question{
		Measurement: measurement, Parts: l.parts(), Interval: topicrange.Interval{Start: from, End: to}, Buckets: buckets,
	})
	if err != nil {
		t.Fatal(err)
	}
	times := int64(1)
	if l.batch > 1 {
		times = mostAlong
	}
	if volume.Read.Records > times*answerscan.MaxRecords || volume.Read.Bytes > times*answerscan.MaxBytes+l.length {
		t.Errorf("%d records and %d bytes were read", volume.Read.Records, volume.Read.Bytes)
	}
	return volume
}

// count is the oracle: how many records of a measurement, or of all for 0, there are in each bucket, by their own times.
func (l *fakeLog) count(measurement atlas.MeasurementID, from, to time.Time, buckets int) []float64 {
	counts := make([]float64, buckets)
	length := to.UnixMilli() - from.UnixMilli()
	for _, of := range l.topics {
		for _, one := range of.records {
			if one.measurement != measurement && measurement != 0 || one.at.Before(from) || one.at.After(to) {
				continue
			}
			bucket := buckets - 1
			if length > 0 {
				bucket = min(bucket, int((one.at.UnixMilli()-from.UnixMilli())*int64(buckets)/length)+1)
			}
			for bucket > 0 && one.at.UnixMilli() < from.UnixMilli()+int64(bucket)*length/int64(buckets) {
				bucket--
			}
			counts[bucket]++
		}
	}
	return counts
}

func (v *Volume) counts() (counts []float64) {
	for _, bucket := range v.Buckets {
		counts = append(counts, bucket.Count)
	}
	return counts
}

func (v *Volume) known() (known []bool) {
	for _, bucket := range v.Buckets {
		known = append(known, bucket.Known)
	}
	return known
}
