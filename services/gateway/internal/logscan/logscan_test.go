package logscan

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
	ctx context.Context, _ string, _ int, from, to, most int64, see func(atlas.MeasurementID, time.Time) bool,
) (next, bytes int64, err error) {
	if l.fails != nil {
		return from, 0, l.fails
	}
	if err := wait(ctx, time.Duration(to-from)*l.takes); err != nil {
		return from, 0, err
	}
	for next = from; next < to && bytes < most; next++ {
		bytes += l.length
		if !see(1, time.Unix(next, 0)) {
			return next + 1, bytes, nil
		}
	}
	return next, bytes, nil
}

func wait(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func everything(measurement atlas.MeasurementID, _ time.Time) bool { return measurement == 1 }

// However much is asked for, a scan goes through so many records and so many bytes.
func TestAbuseScansAreBounded(t *testing.T) {
	for _, test := range []struct{ length, records int64 }{{1, MaxRecords}, {MaxBytes / 1000, 1001}} {
		read, err := New(long{length: test.length}, prometheus.NewRegistry()).Run(t.Context(), nil, 0, func(ctx context.Context, scan *Scan) error {
			next, err := scan.Show(ctx, "topic", 0, 0, 7, everything)
			if err != nil || next != 7 {
				t.Errorf("got %d, %v, want 7", next, err)
			}
			if next, err = scan.Show(ctx, "topic", 0, 7, 1<<40, everything); err != nil || next != test.records {
				t.Errorf("got %d, %v, want %d", next, err, test.records)
			}
			if next, err = scan.Show(ctx, "topic", 0, 5, 1<<40, everything); err != nil || next != 5 {
				t.Errorf("with nothing left, got %d, %v, want 5", next, err)
			}
			return nil
		})
		if err != nil || read.Records != test.records || read.Bytes != test.records*test.length {
			t.Errorf("got %+v, %v, want %d records", read, err, test.records)
		}
	}
}

// One scan runs at a time, accounts have turns, and who waits in vain is told so. Who cannot pay holds up nobody.
func TestAbuseScansTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scans := New(long{length: 1, takes: time.Millisecond}, prometheus.NewRegistry())
		metrics := readlimit.NewMetrics(prometheus.NewRegistry())
		poor := readlimit.NewAccount(rate.NewLimiter(0.001, 1), nil, metrics)
		var running, most atomic.Int64
		run := func(account *readlimit.Account, worth int64) error {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := scans.Run(ctx, account, worth, func(ctx context.Context, scan *Scan) error {
				most.Store(max(most.Load(), running.Add(1)))
				defer running.Add(-1)
				_, err := scan.Show(ctx, "topic", 0, 0, 3000, everything)
				return err
			})
			return err
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
			case err != nil && !errors.Is(err, context.DeadlineExceeded):
				t.Error(err)
			}
		}
		if busy != 3 || most.Load() != 1 { // six ran for 3 s each, the seventh for 2 s, and three had no turn
			t.Errorf("%d waited in vain, and %d ran at once", busy, most.Load())
		}
	})
}

// What a scan turns out to be worth beyond what was paid ahead is paid afterwards, by records and by bytes.
func TestAbuseScansArePaidFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		messages := rate.NewLimiter(1e-9, 1000)
		account := readlimit.NewAccount(messages, nil, readlimit.NewMetrics(prometheus.NewRegistry()))
		scans := New(long{length: readlimit.BytesOfMessage / 100}, prometheus.NewRegistry())
		if _, err := scans.Run(t.Context(), account, 500, func(ctx context.Context, scan *Scan) error {
			_, err := scan.Show(ctx, "topic", 0, 0, 1000, everything)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if left := messages.Tokens(); left < 987.9 || left > 988.1 {
			t.Errorf("%g messages are left, want 988: 2 for records and 10 for bytes", left)
		}
	})
}

func TestFailureOfAScanIsTold(t *testing.T) {
	failure := errors.New("no broker")
	scans := New(long{fails: failure}, prometheus.NewRegistry())
	for range 2 { // the turn is given back
		if _, err := scans.Run(t.Context(), nil, 0, func(ctx context.Context, scan *Scan) error {
			_, err := scan.Show(ctx, "topic", 0, 0, 10, everything)
			return err
		}); !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
	}
}
