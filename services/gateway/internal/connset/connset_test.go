package connset

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type session struct{ notified, cut bool }

func notify(s *session) { s.notified = true }
func cutOff(s *session) { s.cut = true }

func reserve(t *testing.T, s *Set[string, session], key string, want error) {
	t.Helper()
	if err := s.Reserve(key); !errors.Is(err, want) {
		t.Fatalf("%s: got %v, want %v", key, err, want)
	}
}

func TestReserve(t *testing.T) {
	set := New[string, session](2)
	reserve(t, set, "a", nil)
	reserve(t, set, "a", ErrTaken)
	reserve(t, set, "b", nil)
	reserve(t, set, "c", ErrFull)
	if set.Find("a") != nil || set.Len() != 2 {
		t.Error("a reserved key is open already, or does not count")
	}
	open := &session{}
	if !set.Open("a", open) || set.Find("a") != open {
		t.Error("the session is not found")
	}
	set.Remove("a")
	if set.Find("a") != nil {
		t.Error("a removed session is found")
	}
	reserve(t, set, "c", nil)
	unlimited := New[string, session](0)
	reserve(t, unlimited, "a", nil)
}

func TestShutdownWaitsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := New[string, session](0)
		var open session
		reserve(t, set, "open", nil)
		set.Open("open", &open)
		reserve(t, set, "reserved", nil)
		done := make(chan error, 1)
		go func() { done <- set.Shutdown(context.Background(), notify, cutOff) }()
		synctest.Wait()
		if !open.notified {
			t.Error("the open session was not notified")
		}
		reserve(t, set, "late", ErrClosed)
		if set.Open("reserved", &session{}) {
			t.Error("the session that opened late does not learn of the shutdown")
		}
		set.Remove("open")
		synctest.Wait()
		if len(done) > 0 {
			t.Error("it did not wait for the reserved key")
		}
		set.Remove("reserved")
		if err := <-done; err != nil || open.cut {
			t.Errorf("got %v, cut off %v", err, open.cut)
		}
	})
}

func TestShutdownCutsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := New[string, session](0)
		reserve(t, set, "stays", nil)
		set.Open("stays", &session{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		cut := false
		err := set.Shutdown(ctx, notify, func(*session) { cut = true; set.Remove("stays") })
		if !errors.Is(err, context.DeadlineExceeded) || !cut {
			t.Errorf("got %v, cut off %v", err, cut)
		}
	})
}

// Sessions end one by one: until then they are there, no other one comes, and one that has ended is not notified.
func TestDepartures(t *testing.T) {
	set := New[string, session](0)
	var first, second session
	for key, open := range map[string]*session{"first": &first, "second": &second} {
		reserve(t, set, key, nil)
		set.Open(key, open)
	}
	reserve(t, set, "opening", nil)
	set.Refuse()
	reserve(t, set, "late", ErrClosed)
	departures := set.Departures(notify)
	if len(departures) != 2 {
		t.Fatalf("%d of 2 open sessions can depart", len(departures))
	}
	if !set.Open("opening", &session{}) {
		t.Error("a session whose key was reserved cannot open")
	}
	set.Remove("first")
	told := 0
	for _, depart := range departures {
		if depart() {
			told++
		}
	}
	if told != 1 || first.notified || !second.notified {
		t.Errorf("%d were told, of which the first, which had ended: %v, and the second: %v", told, first.notified, second.notified)
	}
}
