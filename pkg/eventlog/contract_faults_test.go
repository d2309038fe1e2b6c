package eventlog_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// load is a number of producers that append to a topic, one measurement each, and tails that follow all of them.
type load struct {
	f            fixture
	topic        string
	writer       *eventlog.Writer
	recorder     *recorder
	acknowledged [loadMeasurements]atomic.Int64 // how many events of each measurement; they are numbered from 0
}

const (
	loadMeasurements = 8
	loadPartitions   = 4
	loadPerAppend    = 10
)

func newLoad(t testing.TB, f fixture) *load {
	t.Helper()
	topic := f.newTopic(t, loadPartitions)
	tails, recorder := f.newTails(t, topic, eventlog.TailConfig{})
	for measurement := range atlas.MeasurementID(loadMeasurements) {
		mustFollow(t, tails, measurement+1)
	}
	return &load{f: f, topic: topic, writer: f.newWriter(t, eventlog.WriterConfig{Timeout: patience}), recorder: recorder}
}

// during appends while disturb runs, and until everybody has got on after it. No Append may fail: the writer sits out what happens.
func (l *load) during(t *testing.T, disturb func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var producing sync.WaitGroup
	defer producing.Wait()
	defer stop()
	for index := range loadMeasurements {
		producing.Go(func() { l.produce(ctx, t, index) })
	}
	l.awaitProgress(t, 100)
	disturb()
	l.awaitProgress(t, 100)
	stop()
	producing.Wait()
	l.verify(t)
}

func (l *load) produce(ctx context.Context, t *testing.T, index int) {
	measurement := atlas.MeasurementID(index + 1)
	for number := int(l.acknowledged[index].Load()); ctx.Err() == nil; number += loadPerAppend {
		if err := l.writer.Append(t.Context(), l.topic, pings(t, measurement, number, number+loadPerAppend)); err != nil {
			t.Errorf("measurement %d: %v", measurement, err)
			return
		}
		l.acknowledged[index].Add(loadPerAppend)
	}
}

// awaitProgress returns once every measurement has so many more events.
func (l *load) awaitProgress(t testing.TB, more int64) {
	t.Helper()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	timeout := time.After(patience)
	for index := range loadMeasurements {
		for start := l.acknowledged[index].Load(); l.acknowledged[index].Load() < start+more; {
			select {
			case <-poll.C:
			case <-timeout:
				t.Fatalf("measurement %d got stuck", index+1)
			}
		}
	}
}

// verify wants whatever was acknowledged exactly once and in order, of the tails and of the history alike.
func (l *load) verify(t *testing.T) {
	t.Helper()
	total, stored := int64(0), int64(0)
	var history []atlas.Record
	for partition := range loadPartitions {
		history = append(history, l.f.readAll(t, l.topic, partition)...)
		_, next, err := l.f.log.History().Bounds(within(t, patience), l.topic, partition)
		if err != nil {
			t.Fatal(err)
		}
		stored += next
	}
	for index := range loadMeasurements {
		measurement, count := atlas.MeasurementID(index+1), l.acknowledged[index].Load()
		total += count
		want := pings(t, measurement, 0, int(count))
		assertSame(t, l.recorder.await(t, want[count-1]), want)
		assertSame(t, measurementsOf(history, measurement), want)
	}
	t.Logf("%d records acknowledged, %d in the log", total, stored)
}
