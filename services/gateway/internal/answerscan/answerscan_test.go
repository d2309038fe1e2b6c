package answerscan

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// long is a log without end, whose records are all of one length and come as quickly as they do.
type long struct {
	length int64
	takes  time.Duration // a record
	fails  error
}

func (l long) ScanWithin(
	_ context.Context, _ string, _ int, from, to, most int64, see func(atlas.MeasurementID, time.Time) bool, came func(records, bytes int64),
) (next, bytes int64, err error) {
	defer func() { came(next-from, bytes) }()
	if l.fails != nil {
		return from, 0, l.fails
	}
	time.Sleep(time.Duration(to-from) * l.takes)
	for next = from; next < to && bytes < most; next++ {
		bytes += l.length
		if !see(1, time.Unix(next, 0)) {
			return next + 1, bytes, nil
		}
	}
	return next, bytes, nil
}

func seeAll(measurement atlas.MeasurementID, _ time.Time) bool { return measurement == 1 }

// However much is asked for, a scan goes through so many records and so many bytes.
func TestAbuseScansAreBounded(t *testing.T) {
	for _, test := range []struct{ length, records int64 }{{1, MaxRecords}, {MaxBytes / 1000, 1001}} {
		scan := New(long{length: test.length}, prometheus.NewRegistry()).New()
		err := scan.Run(t.Context(), nil, 0, func(ctx context.Context) error {
			next, err := scan.Each(ctx, "topic", 0, 0, 7, seeAll)
			if err != nil || next != 7 {
				t.Errorf("got %d, %v, want 7", next, err)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = scan.Run(t.Context(), nil, 0, func(ctx context.Context) error {
			next, err := scan.Each(ctx, "topic", 0, 7, 1<<40, seeAll)
			if err != nil || next != test.records {
				t.Errorf("got %d, %v, want %d", next, err, test.records)
			}
			if next, err = scan.Each(ctx, "topic", 0, 5, 1<<40, seeAll); err != nil || next != 5 {
				t.Errorf("with nothing left, got %d, %v, want 5", next, err)
			}
			return nil
		})
		if read := scan.Read(); err != nil || read.Records != test.records || read.Bytes != test.records*test.length {
			t.Errorf("got %+v, %v, want %d records", read, err, test.records)
		}
	}
}

// along is a log in which so many records come along with each that is wanted.
type along struct {
	long
	records int64
}

func (l along) ScanWithin(
	ctx context.Context, topic string, partition int, from, to, most int64,
	see func(atlas.MeasurementID, time.Time) bool, came func(records, bytes int64),
) (next, bytes int64, err error) {
	return l.long.ScanWithin(ctx, topic, partition, from, to, most, see, func(records, bytes int64) { came(l.records*records, l.records*bytes) })
}

// The rest of a batch is read along with the wanted records: it is counted, paid for and bounded.
func TestAbuseRestOfBatchesCounts(t *testing.T) {
	for _, test := range []struct{ along, left int64 }{{3, MaxRecords - 100_000}, {8, 0}} {
		messages := rate.NewLimiter(1e-9, 10_000)
		account := readlimit.NewAccount(messages, nil, readlimit.NewMetrics(prometheus.NewRegistry()))
		scan := New(along{long{length: 1}, test.along}, prometheus.NewRegistry()).New()
		if err := scan.Run(t.Context(), account, 0, func(ctx context.Context) error {
			_, err := scan.Each(ctx, "topic", 0, 0, 100_000, seeAll)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if read, through := scan.Read(), scan.Scanned(); read.Records != 100_000*test.along || read.Bytes != read.Records || through.Records != 100_000 {
			t.Errorf("got %+v, and %+v of that", read, through)
		}
		if paid := 10_000 - messages.Tokens(); paid < float64(200*test.along) || paid > float64(203*test.along) {
			t.Errorf("%g messages were paid, want %d and a few for bytes", paid, 200*test.along)
		}
		if left, _ := scan.Remaining(); left != test.left {
			t.Errorf("with %d along, %d records are left, want %d", test.along, left, test.left)
		}
	}
}

// One scan runs at a time, accounts take turns, and waiting in vain is an error. An account that cannot pay holds up no other.
func TestAbuseScansTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scans := New(long{length: 1, takes: time.Millisecond}, prometheus.NewRegistry())
		metrics := readlimit.NewMetrics(prometheus.NewRegistry())
		poor := readlimit.NewAccount(rate.NewLimiter(0.001, 1), nil, metrics)
		var running, most atomic.Int64
		run := func(account *readlimit.Account, worth int64) error {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			scan := scans.New()
			return scan.Run(ctx, account, worth, func(ctx context.Context) error {
				most.Store(max(most.Load(), running.Add(1)))
				defer running.Add(-1)
				_, err := scan.Each(ctx, "topic", 0, 0, 3000, seeAll)
				return err
			})
		}
		ended := make(chan error)
		go func() {
			if err := run(poor, 10_000); !errors.Is(err, readlimit.ErrExceeded) {
				t.Errorf("who cannot pay: got %v", err)
			}
			ended <- nil
		}()
		synctest.Wait()
		for range 10 {
			go func() { ended <- run(&readlimit.Account{}, 3000) }()
		}
		busy := 0
		for range 11 {
			switch err := <-ended; {
			case errors.Is(err, ErrBusy):
				busy++
			case err != nil:
				t.Error(err)
			}
		}
		if busy != 3 || most.Load() != 1 { // seven began within 20 s, as each takes 3 s
			t.Errorf("%d waited in vain, and %d ran at once", busy, most.Load())
		}
	})
}

// What a scan turns out to be worth beyond what was paid ahead is paid afterwards, by records and by bytes, and by who has gone as well.
func TestAbuseScansArePaidFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		messages := rate.NewLimiter(1e-9, 1000)
		account := readlimit.NewAccount(messages, nil, readlimit.NewMetrics(prometheus.NewRegistry()))
		scans := New(long{length: readlimit.BytesPerMessage / 100}, prometheus.NewRegistry())
		scan := scans.New()
		gone, leave := context.WithCancel(t.Context())
		defer leave()
		for _, test := range []struct {
			ctx  context.Context
			left float64
		}{{t.Context(), 988}, {gone, 976}} { // each time 2 for records and 10 for bytes
			if err := scan.Run(test.ctx, account, 500, func(ctx context.Context) error {
				_, err := scan.Each(ctx, "topic", 0, 0, 1000, seeAll)
				if test.ctx == gone {
					leave()
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if left := messages.Tokens(); left < test.left-0.1 || left > test.left+0.1 {
				t.Errorf("%g messages are left, want %g", left, test.left)
			}
		}
	})
}

// Who cannot pay in time for what was read beyond what was paid ahead waits for that, and gets what was found all the same.
func TestScanThatCannotBePaidForInTimeIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := readlimit.NewAccount(rate.NewLimiter(1e-9, 4), nil, readlimit.NewMetrics(prometheus.NewRegistry()))
		scan := New(long{length: 1}, prometheus.NewRegistry()).New()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		began := time.Now()
		err := scan.Run(ctx, account, 500, func(ctx context.Context) error {
			_, err := scan.Each(ctx, "topic", 0, 0, 100_000, seeAll)
			return err
		})
		if waited := time.Since(began); err != nil || waited < 20*time.Second || waited > 25*time.Second {
			t.Errorf("got %v after %s", err, waited)
		}
	})
}

func TestFailureOfAScanIsTold(t *testing.T) {
	failure := errors.New("no broker")
	scans := New(long{fails: failure}, prometheus.NewRegistry())
	for range 2 { // the first run has ended
		scan := scans.New()
		if err := scan.Run(t.Context(), nil, 0, func(ctx context.Context) error {
			_, err := scan.Each(ctx, "topic", 0, 0, 10, seeAll)
			return err
		}); !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
	}
}
