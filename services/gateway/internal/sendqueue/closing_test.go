package sendqueue

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/wsframe"
)

// An aborted client misses messages since the first that it does not receive, whether that was queued or refused.
func TestMissingSince(t *testing.T) {
	for name, test := range map[string]struct {
		written, waiting, refused int // messages, one created each minute
		missing                   int // the first of them that is missing
	}{
		"nothing":                        {0, 0, 0, 0},
		"what waits":                     {0, 3, 0, 0},
		"what waits behind what is read": {1, 3, 0, 1},
		"what was not taken":             {0, 0, 1, 0},
		"what waits before what was not": {1, 4, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				served, client := net.Pipe()
				limits := testLimits()
				limits.Messages, limits.WriteTimeout = 9, time.Hour
				queue := New(served, limits, &queuebudget.Stats{})
				defer queue.Close()
				defer client.Close()
				began := time.Now()
				for range test.written {
					_ = queue.Send(wsframe.Text([]byte("is being written")))
					time.Sleep(time.Minute)
				}
				for range test.waiting - test.written {
					_ = queue.EnqueueControl(wsframe.Text([]byte("waits")))
					time.Sleep(time.Minute)
				}
				if test.refused > 0 {
					limits.Messages = -9 // so that there is no room for control messages either
				}
				for range test.refused {
					if err := queue.EnqueueControl(wsframe.Text([]byte("is not taken"))); !errors.Is(err, ErrFull) {
						t.Fatalf("got %v, want ErrFull", err)
					}
					time.Sleep(time.Minute)
				}
				if got, want := queue.MissingSince(), began.Add(time.Duration(test.missing)*time.Minute); !got.Equal(want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		})
	}
}

// A refused message does not count any more after another one was queued.
func TestMissingSinceAfterARecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served, client := net.Pipe()
		limits := testLimits()
		queue := New(served, limits, &queuebudget.Stats{})
		defer queue.Close()
		defer client.Close()
		most := limits.Messages
		limits.Messages = -9
		if err := queue.EnqueueControl(wsframe.Text([]byte("is not taken"))); !errors.Is(err, ErrFull) {
			t.Fatalf("got %v, want ErrFull", err)
		}
		time.Sleep(time.Hour)
		limits.Messages = most
		taken := time.Now()
		if err := queue.EnqueueControl(wsframe.Text([]byte("is taken"))); err != nil {
			t.Fatal(err)
		}
		if got := queue.MissingSince(); !got.Equal(taken) {
			t.Errorf("got %v, want %v", got, taken)
		}
	})
}
