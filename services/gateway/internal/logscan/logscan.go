package logscan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// What one scan goes through at most: records, of whatever measurement, and bytes of their values.
const (
	MaxRecords = 200_000
	MaxBytes   = 64 << 20
	// maxReadFactor is how many times as much is read at most: Kafka sends records in batches, of which a scan may want a few.
	maxReadFactor = 4
)

// ErrBusy says that there was no turn in time, as other scans ran.
var ErrBusy = errors.New("this gateway is busy with answers for others")

// Log is what is looked through. Its methods wait for Kafka as long as the context lasts.
type Log interface {
	// ScanWithin shows whose the records of a partition are, and of when, from an offset to before another, until see returns false or the bytes of their
	// values are as many as they may be. It gives the offset before which all was shown. Measurement 0 is unknown. Came is told of all that was read for that.
	ScanWithin(
		ctx context.Context, topic string, partition int, from, to, most int64,
		see func(measurement atlas.MeasurementID, at time.Time) bool, came func(records, bytes int64),
	) (next, bytes int64, err error)
}

// Scans are all that look through a log.
type Scans struct {
	log     Log
	turns   *readlimit.Pool
	scanned prometheus.Counter
}

// New registers what scans count.
func New(log Log, registerer prometheus.Registerer) *Scans {
	scans := &Scans{log: log, turns: readlimit.NewPool(1, 1), scanned: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "atlas_gateway_api_scanned_records_total", Help: "Records of the log that were looked through for answers of the read API.",
	})}
	registerer.MustRegister(scans.scanned, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_api_waiting_scans", Help: "Answers of the read API that wait for their turn to look through the log.",
	}, func() float64 { _, waiting := scans.turns.Usage(); return float64(waiting) }))
	return scans
}

// Read is what was read for an answer, or what was gone through of that.
type Read struct {
	Records int64
	Bytes   int64 // of values
	Took    time.Duration
}

// New makes a scan, which has read nothing yet.
func (s *Scans) New() *Scan { return &Scan{scans: s} }

// Scan looks through the log for one answer. It is used by one goroutine.
type Scan struct {
	scans   *Scans
	read    Read
	scanned Read
}

// Run looks through the log once the account has paid what that is worth, in records, as far as is known, and has its turn. What is read beyond that is paid
// afterwards, as far as the time suffices: what has been read is not thrown away. The error is ErrBusy where the turn did not come in time, that of
// readlimit.Account.Pay for what is paid before, or look's.
func (s *Scan) Run(ctx context.Context, account *readlimit.Account, cost int64, scan func(context.Context) error) error {
	reading, err := account.Begin(ctx, cost)
	if err != nil {
		return err
	}
	before := s.read
	err = s.acquire(ctx, account, scan)
	_ = reading.Settle(ctx, s.read.Records-before.Records, s.read.Bytes-before.Bytes)
	return err
}

func (s *Scan) acquire(ctx context.Context, account *readlimit.Account, scan func(context.Context) error) error {
	release, err := s.scans.turns.Acquire(ctx, account)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	defer release()
	began := time.Now()
	defer func() { s.read.Took += time.Since(began) }()
	return scan(ctx)
}

// Read tells what was read so far.
func (s *Scan) Read() Read { return s.read }

// Scanned tells what of that was gone through, and not only came along.
func (s *Scan) Scanned() Read { return s.scanned }

// Count counts what was read, by what Turn calls.
func (s *Scan) Count(records, bytes int64) {
	s.read.Records += records
	s.read.Bytes += bytes
	s.scans.scanned.Add(float64(records))
}

// Remaining tells how much may still be gone through.
func (s *Scan) Remaining() (records, bytes int64) {
	if records, bytes := s.RemainingToRead(); records == 0 || bytes == 0 {
		return 0, 0
	}
	return max(0, MaxRecords-s.scanned.Records), max(0, MaxBytes-s.scanned.Bytes)
}

// RemainingToRead tells how much may still be read, with what comes along.
func (s *Scan) RemainingToRead() (records, bytes int64) {
	return max(0, maxReadFactor*MaxRecords-s.read.Records), max(0, maxReadFactor*MaxBytes-s.read.Bytes)
}

// Each shows the records of a partition from an offset to before another, as far as may still be gone through, and gives the offset before which all was shown.
// It is called by what Turn calls.
func (s *Scan) Each(
	ctx context.Context, topic string, partition int, from, to int64, see func(measurement atlas.MeasurementID, at time.Time) bool,
) (next int64, err error) {
	records, bytes := s.Remaining()
	to = min(to, from+records)
	if from >= to || bytes == 0 {
		return from, nil
	}
	next, gone, err := s.scans.log.ScanWithin(ctx, topic, partition, from, to, bytes, func(measurement atlas.MeasurementID, at time.Time) bool {
		s.scanned.Records++
		return see(measurement, at)
	}, s.Count)
	s.scanned.Bytes += gone
	return next, err
}
