package answerscan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// The limits of one scan: records, of all measurements, and bytes of their values.
const (
	MaxRecords = 200_000
	MaxBytes   = 64 << 20
	// maxReadFactor is how many times as much may be read: Kafka sends whole batches, of which a scan may need a few records.
	maxReadFactor = 4
)

// ErrBusy says that the wait for other scans took too long.
var ErrBusy = errors.New("this gateway is busy with answers for others")

// Log is the log to scan. Its methods wait for Kafka until the context ends.
type Log interface {
	// ScanWithin calls see with the measurement and the time of each record of a partition from an offset to before another, until see returns false or the
	// values reach most bytes. It returns the offset of the next record. Measurement 0 is unknown. It calls came with all that was read.
	ScanWithin(
		ctx context.Context, topic string, partition int, from, to, most int64,
		see func(measurement atlas.MeasurementID, at time.Time) bool, came func(records, bytes int64),
	) (next, bytes int64, err error)
}

// Scans runs the scans of a log.
type Scans struct {
	log     Log
	turns   *readlimit.Pool
	scanned prometheus.Counter
}

// New registers the metrics of scans.
func New(log Log, registerer prometheus.Registerer) *Scans {
	scans := &Scans{log: log, turns: readlimit.NewPool(1, 1), scanned: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "atlas_gateway_api_scanned_records_total", Help: "Records of the log that were looked through for answers of the read API.",
	})}
	registerer.MustRegister(scans.scanned, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_api_waiting_scans", Help: "Answers of the read API that wait for their turn to look through the log.",
	}, func() float64 { _, waiting := scans.turns.Usage(); return float64(waiting) }))
	return scans
}

// Read is how much was read, or scanned of that.
type Read struct {
	Records int64
	Bytes   int64 // of values
	Took    time.Duration
}

// New makes a scan.
func (s *Scans) New() *Scan { return &Scan{scans: s} }

// Scan scans the log for one answer. It is for one goroutine.
type Scan struct {
	scans   *Scans
	read    Read
	scanned Read
}

// Run calls scan once the account has paid the estimated cost, in records, and no other scan runs. What is read beyond that is paid afterwards, if the time
// suffices: the result is not discarded. The error is ErrBusy if other scans took too long, that of readlimit.Account.Pay, or that of scan.
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

// Read returns how much was read so far.
func (s *Scan) Read() Read { return s.read }

// Scanned returns how much of that was scanned.
func (s *Scan) Scanned() Read { return s.scanned }

// Count counts what was read. It is called within Run.
func (s *Scan) Count(records, bytes int64) {
	s.read.Records += records
	s.read.Bytes += bytes
	s.scans.scanned.Add(float64(records))
}

// Remaining returns how much may still be scanned.
func (s *Scan) Remaining() (records, bytes int64) {
	if records, bytes := s.RemainingToRead(); records == 0 || bytes == 0 {
		return 0, 0
	}
	return max(0, MaxRecords-s.scanned.Records), max(0, MaxBytes-s.scanned.Bytes)
}

// RemainingToRead returns how much may still be read, including the rest of batches.
func (s *Scan) RemainingToRead() (records, bytes int64) {
	return max(0, maxReadFactor*MaxRecords-s.read.Records), max(0, maxReadFactor*MaxBytes-s.read.Bytes)
}

// Each calls see with the records of a partition from an offset to before another, within the limits, and returns the offset of the next one. It is called
// within Run.
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
