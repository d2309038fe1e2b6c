package readlimit

import (
	"testing"
	"testing/synctest"
)

// A further reader of a client waits for one of those that there may be, four as the README says.
func TestReadersOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var client OfClient
		acquired := make(chan error, 6)
		for range cap(acquired) {
			go func() { acquired <- client.Acquire(t.Context()) }()
		}
		for _, want := range []int{4, 5, 6} {
			synctest.Wait()
			if got := len(acquired); got != want {
				t.Errorf("%d readers read, want %d", got, want)
			}
			client.Release()
		}
		for range cap(acquired) {
			if err := <-acquired; err != nil {
				t.Error(err)
			}
		}
	})
}
