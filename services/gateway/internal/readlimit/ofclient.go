package readlimit

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// readersOfClient is how many readers read the log for a client at once; the others wait.
const readersOfClient = 4

// OfClient bounds how many readers read the log for one client at once. The zero value is ready to be used.
type OfClient struct {
	readers atomic.Pointer[semaphore.Weighted] // nil for a client for which nothing has been read, as most
}

// Acquire waits for the others of the client. Without an error, Release must follow. The error is the context's.
func (o *OfClient) Acquire(ctx context.Context) error {
	if o.readers.Load() == nil {
		o.readers.CompareAndSwap(nil, semaphore.NewWeighted(readersOfClient))
	}
	return o.readers.Load().Acquire(ctx, 1)
}

// Release lets another one read.
func (o *OfClient) Release() { o.readers.Load().Release(1) }
