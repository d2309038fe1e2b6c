package readlimit

import (
	"context"
	"testing"
)

// A further reader of a client waits for one of those that there may be, four as the README says.
func TestReadersOfAClient(t *testing.T) {
	var client OfClient
	for range 4 {
		if err := client.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if client.Acquire(gone) == nil {
		t.Error("a fifth reader does not wait")
	}
	client.Release()
	if err := client.Acquire(t.Context()); err != nil {
		t.Error(err)
	}
}
