package readlimit

import (
	"context"
	"time"
)

// BytesPerMessage is how many bytes of values, matching or not, cost as much as a message of the client, in addition to their records: Kafka sends them with
// the records, and they are decompressed with those.
const BytesPerMessage = 256 << 10

// Cost is what reading costs, in records.
func Cost(records, bytes int64) int64 { return records + bytes*RecordsPerMessage/BytesPerMessage }

// Reading is one reader of the log, which an account pays for. Prepayments are not refunded, so that a reader that is closed at once has paid for what it
// made Kafka and the gateway do.
type Reading struct {
	account *Account
	prepaid int64 // paid for and not read yet
}

// Begin prepays the known or minimal cost of a reading, before Kafka is read. The error is that of Pay.
func (a *Account) Begin(ctx context.Context, worth int64) (*Reading, error) {
	if err := a.Pay(ctx, worth); err != nil {
		return nil, err
	}
	return &Reading{account: a, prepaid: worth}, nil
}

// Pay pays for what was read since the last call, as far as it is not prepaid. It is called before reading more from Kafka. The error is that of
// Account.Pay.
func (r *Reading) Pay(ctx context.Context, records, bytes int64) error {
	worth := Cost(records, bytes)
	paid := min(worth, r.prepaid)
	r.prepaid -= paid
	return r.account.Pay(ctx, worth-paid)
}

// settleTimeout is how long a disconnected client waits to pay.
const settleTimeout = 5 * time.Second

// Settle is Pay for what was read last, which is paid even if the context has ended. The caller must not hold a permit of a Pool meanwhile.
func (r *Reading) Settle(ctx context.Context, records, bytes int64) error {
	paying, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(settleTimeout, giveUp) })()
	return r.Pay(paying, records, bytes)
}
