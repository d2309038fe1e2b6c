package catchup

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
	// maxTurn is how long a client reads the log before it is the turn of others, if it has got something.
	maxTurn = 10 * time.Second
)

// turn is that of a reader of the log, of which there are so many. Others have theirs while its address pays for long.
type turn struct {
	turns   *readlimit.Pool
	account *readlimit.Account
	reading *readlimit.Reading
	leave   func() // gives up its place among the readers
	endTurn func()
	ends    time.Time
}

// awaitTurn waits for a place and a turn. Close must be called.
func (h *Hub) awaitTurn(ctx context.Context, account *readlimit.Account, reading *readlimit.Reading) (*turn, error) {
	leave, err := h.places.Acquire(ctx, account)
	if err != nil {
		return nil, err
	}
	t := &turn{turns: h.turns, account: account, reading: reading, leave: leave}
	if err := t.begin(ctx); err != nil {
		leave()
		return nil, err
	}
	return t, nil
}

func (t *turn) close() {
	t.endTurn()
	t.leave()
}

func (t *turn) begin(ctx context.Context) error {
	endTurn, err := t.turns.Acquire(ctx, t.account)
	if err == nil {
		t.endTurn, t.ends = endTurn, time.Now().Add(maxTurn)
	}
	return err
}

// pay is Reading.Pay. Where that takes long, as values were longer than they were taken to be, others have their turn meanwhile.
func (t *turn) pay(ctx context.Context, records, bytes int64) error {
	lending := time.AfterFunc(keptWhilePaying, t.endTurn)
	err := t.reading.Pay(ctx, records, bytes)
	if lending.Stop() || err != nil {
		return err
	}
	t.endTurn() // if it is just about to
	return t.begin(ctx)
}
