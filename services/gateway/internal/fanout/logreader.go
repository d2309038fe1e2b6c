package fanout

import (
	"context"
	"time"

	"atlasstream/services/gateway/internal/readlimit"
)

const (
	// openReaders is how many times as many readers of the log there may be as read at once: the others wait until their address has paid.
	openReaders = 2
	// keptWhilePaying is for how long a reader whose address pays keeps its turn.
	keptWhilePaying = time.Second / 10
)

// logReader is a reader of the log for a client that is behind, of which there are so many, and has a turn but while its address pays.
type logReader struct {
	turns   *readlimit.Pool
	account *readlimit.Account
	reading *readlimit.Reading
	leave   func() // gives up its place among the readers that there are
	endTurn func()
	ends    time.Time // when its turn does
}

// openReader waits for a place and a turn. Close must be called.
func (h *Hub) openReader(ctx context.Context, account *readlimit.Account, reading *readlimit.Reading) (*logReader, error) {
	leave, err := h.places.Acquire(ctx, account)
	if err != nil {
		return nil, err
	}
	r := &logReader{turns: h.readers, account: account, reading: reading, leave: leave}
	if err := r.beginTurn(ctx); err != nil {
		leave()
		return nil, err
	}
	return r, nil
}

func (r *logReader) close() {
	r.endTurn()
	r.leave()
}

func (r *logReader) beginTurn(ctx context.Context) error {
	endTurn, err := r.turns.Acquire(ctx, r.account)
	if err == nil {
		r.endTurn, r.ends = endTurn, time.Now().Add(longestLeg)
	}
	return err
}

// pay is Reading.Pay. Where that takes long, as values were longer than they were taken to be, others have their turn meanwhile.
func (r *logReader) pay(ctx context.Context, records, bytes int64) error {
	lending := time.AfterFunc(keptWhilePaying, r.endTurn)
	err := r.reading.Pay(ctx, records, bytes)
	if lending.Stop() || err != nil {
		return err
	}
	r.endTurn() // if it is just about to
	return r.beginTurn(ctx)
}
