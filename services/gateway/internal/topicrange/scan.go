package topicrange

import (
	"cmp"
	"context"
	"math"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

const (
	// scansAtOnce is how many pieces of the log are scanned at once, to find where it begins or how many results a measurement has.
	scansAtOnce = 8
	// scansOfAddress is how many of them are for the clients of one address.
	scansOfAddress = 2
	// scanPiece is how many records are scanned before it is the turn of others.
	scanPiece = 50_000
)

// Scan is Log.ScanWithin of a range in pieces, for each of which an account pays and waits for its turn. It gives the offset before which all has been
// shown, or need not be any more.
func (f *Finder) Scan(
	ctx context.Context, account *readlimit.Account, scanned Range, see func(measurement atlas.MeasurementID, at time.Time) bool,
) (next int64, err error) {
	more, to := true, scanned.To
	for next = scanned.From; next < to && more; next = scanned.To {
		scanned.From, scanned.To = next, min(to, next+scanPiece)
		err := f.scanPiece(ctx, account, scanned, func(measurement atlas.MeasurementID, at time.Time) bool {
			more = see(measurement, at)
			return more
		})
		if err != nil {
			return next, err
		}
	}
	return max(next, to), nil
}

func (f *Finder) scanPiece(ctx context.Context, account *readlimit.Account, piece Range, see func(atlas.MeasurementID, time.Time) bool) error {
	reading, err := account.Begin(ctx, piece.To-piece.From)
	if err != nil {
		return err
	}
	release, err := f.scans.Acquire(ctx, account)
	if err != nil {
		return err
	}
	var records, bytes int64 // with what came along
	_, _, err = f.settings.Log.ScanWithin(ctx, piece.Topic, piece.Number, piece.From, piece.To, math.MaxInt64, see, func(someRecords, someBytes int64) {
		records, bytes = records+someRecords, bytes+someBytes
	})
	release()
	f.scanned.Add(float64(records))
	return cmp.Or(err, reading.Settle(ctx, records, bytes))
}
