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

type session struct{ told, cut bool }

func farewell(s *session) { s.told = true }
func cutOff(s *session)   { s.cut = true }

func enter(t *testing.T, r *Register[string, session], key string, want error) {
	t.Helper()
	if err := r.Enter(key); !errors.Is(err, want) {
		t.Fatalf("%s: got %v, want %v", key, err, want)
	}
}

func TestEnter(t *testing.T) {
	register := New[string, session](2)
	enter(t, register, "a", nil)
	enter(t, register, "a", ErrTaken)
	enter(t, register, "b", nil)
	enter(t, register, "c", ErrFull)
	if register.Find("a") != nil || register.Len() != 2 {
		t.Error("who has entered only is open already, or has no place")
	}
	open := &session{}
	if !register.Open("a", open) || register.Find("a") != open {
		t.Error("the session is not found")
	}
	register.Leave("a")
	if register.Find("a") != nil {
		t.Error("who has left is found")
	}
	enter(t, register, "c", nil)
	unlimited := New[string, session](0)
	enter(t, unlimited, "a", nil)
}

func TestShutdownWaitsForEveryone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		register := New[string, session](0)
		var open session
		enter(t, register, "open", nil)
		register.Open("open", &open)
		enter(t, register, "entered", nil)
		done := make(chan error, 1)
		go func() { done <- register.Shutdown(context.Background(), farewell, cutOff) }()
		synctest.Wait()
		if !open.told {
			t.Error("nobody told the open session")
		}
		enter(t, register, "late", ErrClosed)
		if register.Open("entered", &session{}) {
			t.Error("the session that opened late does not learn that nobody told it")
		}
		register.Leave("open")
		synctest.Wait()
		if len(done) > 0 {
			t.Error("it did not wait for who had entered only")
		}
		register.Leave("entered")
		if err := <-done; err != nil || open.cut {
			t.Errorf("got %v, cut off %v", err, open.cut)
		}
	})
}

func TestShutdownCutsOffWhoStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		register := New[string, session](0)
		enter(t, register, "stays", nil)
		register.Open("stays", &session{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		cut := false
		err := register.Shutdown(ctx, farewell, func(*session) { cut = true; register.Leave("stays") })
		if !errors.Is(err, context.DeadlineExceeded) || !cut {
			t.Errorf("got %v, cut off %v", err, cut)
		}
	})
}
