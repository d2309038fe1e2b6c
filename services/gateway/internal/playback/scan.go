package playback

import (
	"cmp"
	"context"
	"math"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

const (
	// scansAtOnce is how many pieces of the log are looked through at once, to find where it begins or how many results a measurement has.
	scansAtOnce = 8
	// scansOfAddress is how many of them are for the clients of one address.
	scansOfAddress = 2
	// scanPiece is how many records are looked at before it is the turn of others.
	scanPiece = 50_000
)

// scan looks through the log for an account.
type scan struct {
	*Player
	account *readlimit.Account
}

func (p *Player) scanFor(account *readlimit.Account) *scan { return &scan{Player: p, account: account} }

// show is Log.ScanWithin in pieces, each of which is paid for and waits for its turn. It gives the offset before which all has been shown, or need not be
// any more.
func (s *scan) show(ctx context.Context, part part, from, to int64, see func(measurement atlas.MeasurementID, at time.Time) bool) (next int64, err error) {
	more := true
	for from < to && more {
		end := min(to, from+scanPiece)
		err := s.piece(ctx, part, from, end, func(measurement atlas.MeasurementID, at time.Time) bool {
			more = see(measurement, at)
			return more
		})
		if err != nil {
			return from, err
		}
		from = end
	}
	return max(from, to), nil
}

func (s *scan) piece(ctx context.Context, part part, from, to int64, see func(atlas.MeasurementID, time.Time) bool) error {
	reading, err := s.account.Begin(ctx, to-from)
	if err != nil {
		return err
	}
	release, err := s.scans.Acquire(ctx, s.account)
	if err != nil {
		return err
	}
	var records, bytes int64 // with what came along
	_, _, err = s.settings.Log.ScanWithin(ctx, part.topic, part.partition, from, to, math.MaxInt64, see, func(someRecords, someBytes int64) {
		records, bytes = records+someRecords, bytes+someBytes
	})
	release()
	s.metrics.scanned.Add(float64(records))
	return cmp.Or(err, reading.Settle(ctx, records, bytes))
}
