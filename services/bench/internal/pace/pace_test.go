package pace

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunKeepsTheRate(t *testing.T) {
	for _, perSecond := range []int{15, 40, 1000, 5000} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second+time.Millisecond)
			defer cancel()
			done := 0
			if err := New(perSecond).Run(ctx, func(due int) error { done += due; return nil }); err != nil {
				t.Error(err)
			}
			if want := 10 * perSecond; done != want {
				t.Errorf("%d a second: got %d in ten seconds, want %d", perSecond, done, want)
			}
		})
	}
}

func TestRunEndsWithTheWorksError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		if err := New(1000).Run(context.Background(), func(int) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
	})
}
