package eventlog

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
)

// fakeIdleBroker has one empty partition, and answers fetches after their wait, as Kafka does.
type fakeIdleBroker struct {
	running, fetches atomic.Int64
	failing          atomic.Bool
}

var errRefused = errors.New("connection refused")

func (b *fakeIdleBroker) ListOffsets(context.Context, *kafka.ListOffsetsRequest) (*kafka.ListOffsetsResponse, error) {
	if b.failing.Load() {
		return nil, errRefused
	}
	return &kafka.ListOffsetsResponse{Topics: map[string][]kafka.PartitionOffsets{"t": {{FirstOffset: 0, LastOffset: 0}}}}, nil
}

func (b *fakeIdleBroker) Fetch(ctx context.Context, request *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	b.fetches.Add(1)
	if b.failing.Load() {
		return nil, errRefused
	}
	b.running.Add(1)
	defer b.running.Add(-1)
	select {
	case <-time.After(request.MaxWait):
		return &kafka.FetchResponse{Records: kafka.NewRecordReader()}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func idleTails(t *testing.T, linger time.Duration) (*Tails, *fakeIdleBroker) {
	t.Helper()
	broker := &fakeIdleBroker{}
	tails := openOffline(t).Tails("t", TailConfig{Linger: linger}, fakeConsumer{})
	tails.open = func(number int) partition { return partition{broker: broker, topic: "t", number: number} }
	t.Cleanup(func() { _ = tails.Close() })
	return tails, broker
}

func TestTailLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tails, broker := idleTails(t, 30*time.Second)
		assertRunning := func(want int64) {
			t.Helper()
			synctest.Wait()
			if got := broker.running.Load(); got != want {
				t.Fatalf("after %s: %d tails run, want %d", time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), got, want)
			}
		}
		_, first, err := tails.acquire(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		_, second, _ := tails.acquire(t.Context(), 0)
		assertRunning(1)
		first()
		first() // a second call does nothing
		time.Sleep(time.Hour)
		assertRunning(1)
		second()
		time.Sleep(29900 * time.Millisecond)
		assertRunning(1)
		_, third, _ := tails.acquire(t.Context(), 0)
		time.Sleep(time.Minute)
		assertRunning(1)
		third()
		time.Sleep(30100 * time.Millisecond)
		assertRunning(0)
		_, fourth, err := tails.acquire(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		assertRunning(1)
		fourth()
	})
}

func TestTailRetriesForeverButNotTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tails, broker := idleTails(t, time.Second)
		if _, _, err := tails.acquire(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		broker.failing.Store(true)
		time.Sleep(time.Minute)
		before := broker.fetches.Load()
		time.Sleep(time.Hour)
		if got, want := broker.fetches.Load()-before, int64(time.Hour/maxPause); got < want-1 || got > want+1 {
			t.Errorf("%d fetches in an hour, want about %d", got, want)
		}
		broker.failing.Store(false)
		time.Sleep(maxPause)
		synctest.Wait()
		if broker.running.Load() != 1 {
			t.Error("the tail does not go on")
		}
	})
}

func TestFollowingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tails, broker := idleTails(t, time.Second)
		broker.failing.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, _, err := tails.acquire(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		broker.failing.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if broker.running.Load() != 0 {
			t.Error("the tail runs on although nobody follows it")
		}
	})
}
