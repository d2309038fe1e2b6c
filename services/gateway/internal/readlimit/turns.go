package readlimit

import (
	"context"
	"time"
)

const (
	// openReaders is how many times as many readers of the log there may be as read at once: the others wait until their address has paid.
	openReaders = 2
	// KeptWhilePaying is for how long a reader whose address pays keeps its turn.
	KeptWhilePaying = time.Second / 10
	// maxTurn is how long a client reads the log before it is the turn of others, if it has got something.
	maxTurn = 10 * time.Second
)

// Turns are those of readers of the log, of which there are so many at once. Others have theirs while the address of one pays for long.
type Turns struct {
	places *Pool // for readers
	turns  *Pool // of those
}

// NewTurns has so many readers read at once, and so many of them for the clients of one address.
func NewTurns(readers, ofAddress int) *Turns {
	return &Turns{places: NewPool(openReaders*readers, ofAddress), turns: NewPool(readers, ofAddress)}
}

// Usage tells how many readers read, and how many wait for a turn, or for a place among those that do.
func (t *Turns) Usage() (reading, waiting int) {
	reading, waiting = t.turns.Usage()
	_, outside := t.places.Usage()
	return reading, waiting + outside
}

// Turn is that of one reader.
type Turn struct {
	turns   *Pool
	account *Account
	reading *Reading
	leave   func() // gives up its place among the readers
	end     func()
	ends    time.Time
}

// Await waits for a place and a turn. Close must be called. The error is the context's.
func (t *Turns) Await(ctx context.Context, account *Account, reading *Reading) (*Turn, error) {
	leave, err := t.places.Acquire(ctx, account)
	if err != nil {
		return nil, err
	}
	turn := &Turn{turns: t.turns, account: account, reading: reading, leave: leave}
	if err := turn.begin(ctx); err != nil {
		leave()
		return nil, err
	}
	return turn, nil
}

// IsOver tells that it is the turn of others.
func (t *Turn) IsOver() bool { return time.Now().After(t.ends) }

// Close ends the turn and gives up the place.
func (t *Turn) Close() {
	t.end()
	t.leave()
}

// Pay is Reading.Pay. Where that takes long, as values were longer than they were taken to be, others have their turn meanwhile.
func (t *Turn) Pay(ctx context.Context, records, bytes int64) error {
	lending := time.AfterFunc(KeptWhilePaying, t.end)
	err := t.reading.Pay(ctx, records, bytes)
	if lending.Stop() || err != nil {
		return err
	}
	t.end() // if it is just about to
	return t.begin(ctx)
}

func (t *Turn) begin(ctx context.Context) error {
	end, err := t.turns.Acquire(ctx, t.account)
	if err == nil {
		t.end, t.ends = end, time.Now().Add(maxTurn)
	}
	return err
}
