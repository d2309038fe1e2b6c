package readlimit

import (
	"context"
	"time"
)

// BytesOfMessage is how many bytes of values, wanted or not, cost as much as a message of the client, beside the records that have them: Kafka sends them with
// the records, and they are decompressed with those.
const BytesOfMessage = 256 << 10

// Worth is what reading costs, in records: long values make it dearer.
func Worth(records, bytes int64) int64 { return records + bytes*RecordsOfMessage/BytesOfMessage }

// Reading is one reader of the log, which an account pays for. What it pays ahead is not given back, so that a reader that is closed at once has cost what it
// made Kafka and the gateway do.
type Reading struct {
	account *Account
	ahead   int64 // what is paid for and has not been read yet
}

// Begin pays what a reading is worth at least, or as far as that is known, before Kafka is asked for any of it. The error is that of Pay.
func (a *Account) Begin(ctx context.Context, worth int64) (*Reading, error) {
	if err := a.Pay(ctx, worth); err != nil {
		return nil, err
	}
	return &Reading{account: a, ahead: worth}, nil
}

// Pay charges what was read since the last call, as far as it was not paid ahead. It is called before Kafka is asked for more. The error is that of
// Account.Pay.
func (r *Reading) Pay(ctx context.Context, records, bytes int64) error {
	worth := Worth(records, bytes)
	paid := min(worth, r.ahead)
	r.ahead -= paid
	return r.account.Pay(ctx, worth-paid)
}

// settleTimeout is for how long a client that has gone pays.
const settleTimeout = 5 * time.Second

// Settle is Pay for what was read last, which is owed even when the context has ended. No turn that others wait for may be held meanwhile.
func (r *Reading) Settle(ctx context.Context, records, bytes int64) error {
	paying, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(settleTimeout, giveUp) })()
	return r.Pay(paying, records, bytes)
}
