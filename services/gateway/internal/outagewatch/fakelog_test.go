package outagewatch

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
)

// fakeLog is a log of records, of which the last few are in the tail.
type fakeLog struct {
	mu         sync.Mutex
	records    []atlas.Record // those from end on are not in the log yet
	end        int
	first      int // the log has lost what is before it
	tailLength int
	err        error // of Bounds and OffsetAt
}

func (l *fakeLog) Bounds(context.Context) (first, next int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(l.first), int64(l.end), l.err
}

func (l *fakeLog) OffsetAt(_ context.Context, at time.Time) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	index := slices.IndexFunc(l.records[l.first:l.end], func(r atlas.Record) bool { return !r.Time.Before(at) })
	if index < 0 {
		return int64(l.end), l.err
	}
	return int64(l.first + index), l.err
}

func (l *fakeLog) Events(_ context.Context, from, to int64) iter.Seq2[atlas.Record, error] {
	return func(yield func(atlas.Record, error) bool) {
		l.mu.Lock()
		records := l.records[from:to]
		l.mu.Unlock()
		for _, record := range records {
			if !yield(record, nil) {
				return
			}
		}
	}
}

func (l *fakeLog) Follow(_ context.Context, offset int64, attach func([]atlas.Record)) (release func(), found bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if int(offset) < l.end-l.tailLength {
		return nil, false, nil
	}
	attach(l.records[offset:l.end])
	return func() {}, true, nil
}

// deliver appends so many more of the records, and delivers them.
func (l *fakeLog) deliver(w *Watch, count int) {
	l.mu.Lock()
	begin := l.end
	l.end = min(len(l.records), l.end+count)
	records := l.records[begin:l.end]
	l.mu.Unlock()
	w.Deliver(records)
}

// replace has the log be recreated with other records.
func (l *fakeLog) replace(records []atlas.Record, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records, l.end, l.err = records, len(records), err
}

// longLog has many events on each day.
type longLog struct{ fakeLog }

func (l *longLog) OffsetAt(_ context.Context, at time.Time) (int64, error) {
	return at.Unix() / 86400 * 50_000, nil
}
