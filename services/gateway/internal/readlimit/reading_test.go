package readlimit

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

// A reader prepays, without a refund if it is closed at once; then it pays for what exceeds that, by records and by bytes.
func TestAbuseReadingIsPrepaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		messages := rate.NewLimiter(1e-9, 1000)
		account := NewAccount(messages, nil, NewMetrics(prometheus.NewRegistry()))
		expect := func(what string, left float64) {
			t.Helper()
			if got := messages.TokensAt(time.Now()); got < left-0.01 || got > left+0.01 {
				t.Errorf("%s: %g messages are left, want %g", what, got, left)
			}
		}
		reading, err := account.Begin(t.Context(), 30*RecordsPerMessage)
		if err != nil {
			t.Fatal(err)
		}
		expect("begun", 970)
		for _, step := range []struct {
			what           string
			records, bytes int64
			left           float64
		}{
			{"paid ahead", 10 * RecordsPerMessage, 5 * BytesPerMessage, 970},
			{"partly", 0, 20 * BytesPerMessage, 965},
			{"short values", 7 * RecordsPerMessage, 0, 958},
			{"long values", 0, 8 * BytesPerMessage, 950},
		} {
			if err := reading.Pay(t.Context(), step.records, step.bytes); err != nil {
				t.Fatal(err)
			}
			expect(step.what, step.left)
		}
	})
}
