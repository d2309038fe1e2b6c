// Package lag estimates how far behind clients are: how long ago the record at an offset came in, and how many bytes of values there are from there on.
package lag

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
)

// Estimator tells how far an offset is behind the end of a partition, in time and in bytes. Its methods may be called from several goroutines.
type Estimator struct {
	mu      sync.RWMutex
	next    int64 // what is before it has been delivered, or came in before the partition was followed
	counted bool  // since an offset, bytes of values are
	first   int64 // that offset
	bytes   int64
	opened  time.Time // when counting began
	samples []sample
}

// sample says that the record at an offset, and everything before it, came in no later than that.
type sample struct {
	offset int64
	at     time.Time
}

const (
	// maxSamples bounds how many a partition keeps, the latest; they reach back twice as far as the greatest lag that is asked for.
	maxSamples = 1024
	// sampleInterval is the shortest time between two.
	sampleInterval = time.Second / 100
)

// Next is the offset before which everything has been delivered.
func (l *Estimator) Next() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.next
}

// Reach takes notice of where the log ends, at the beginning or later.
func (l *Estimator) Reach(next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reachLocked(next)
}

func (l *Estimator) reachLocked(next int64) {
	if !l.counted {
		l.counted, l.first, l.next = true, next, next
		l.opened = time.Now()
	}
	l.first += max(0, next-l.next) // what came in between has not been counted
	l.next = max(l.next, next)
}

// ResetOffset goes on at the end of a log that was truncated or recreated.
func (l *Estimator) ResetOffset(next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next, l.counted, l.first, l.bytes, l.opened, l.samples = 0, false, 0, 0, time.Time{}, nil
	l.reachLocked(next)
}

// Note takes in records that came now. Samples reach back twice as far as maxLag.
func (l *Estimator) Note(records []atlas.Record, maxLag time.Duration) {
	if len(records) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reachLocked(records[0].Position.Offset)
	for i := range records {
		l.bytes += int64(len(records[i].Value))
	}
	last := records[len(records)-1].Position.Offset
	l.next = max(l.next, last+1)
	now := time.Now()
	if kept := len(l.samples); kept > 0 && now.Sub(l.samples[kept-1].at) < max(2*maxLag/maxSamples, sampleInterval) {
		return
	}
	if len(l.samples) == maxSamples {
		l.samples = slices.Delete(l.samples, 0, maxSamples/4)
	}
	l.samples = append(l.samples, sample{offset: last, at: now})
}

// Of tells how long ago the record at an offset came in at least, 0 if that is not known, and estimates how many bytes of values there are from there on.
func (l *Estimator) Of(offset int64) (age time.Duration, bytes int64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if at := l.search(offset); at < len(l.samples) {
		age = time.Since(l.samples[at].at)
	}
	return age, l.bytesFrom(offset)
}

// Bytes estimates how many bytes of values there are from an offset to before another.
func (l *Estimator) Bytes(from, to int64) int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.bytesFrom(from) - l.bytesFrom(to)
}

// CameAfter gives a time before which the record at an offset did not come in: that of the last known sample before it, or when counting began. A record that
// is older than that had come in by then.
func (l *Estimator) CameAfter(offset int64) time.Time {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if at := l.search(offset); at > 0 {
		return l.samples[at-1].at
	}
	return l.opened
}

// search finds the first sample of the record at an offset or of a later one. It is called under the lock, as is bytesFrom.
func (l *Estimator) search(offset int64) int {
	at, _ := slices.BinarySearchFunc(l.samples, offset, func(s sample, offset int64) int { return cmp.Compare(s.offset, offset) })
	return at
}

func (l *Estimator) bytesFrom(offset int64) int64 {
	if l.next <= l.first {
		return 0
	}
	return int64(float64(l.bytes) / float64(l.next-l.first) * float64(max(0, l.next-offset)))
}
