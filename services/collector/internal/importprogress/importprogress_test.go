package importprogress

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestReportIsWrittenNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var output bytes.Buffer
		progress := NewDisplay(&output)
		for second := range int64(20) {
			time.Sleep(time.Second)
			progress.Show(Progress{Bytes: (second + 1) << 20, TotalBytes: 100 << 20, Accepted: int(second+1) * 1000, Rejected: 7})
		}
		progress.Finish()
		got := strings.Split(strings.TrimSpace(output.String()), "\n")
		want := []string{
			"5,007 lines, 7 rejected, 5.0 MiB, 1.0 MiB/s, 1001 lines/s, 5%, 1m35s left",
			"10,007 lines, 7 rejected, 10 MiB, 1.0 MiB/s, 1001 lines/s, 10%, 1m30s left",
			"15,007 lines, 7 rejected, 15 MiB, 1.0 MiB/s, 1000 lines/s, 15%, 1m25s left",
			"20,007 lines, 7 rejected, 20 MiB, 1.0 MiB/s, 1000 lines/s, 20%, 1m20s left",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	})
}

func TestBarShowsHowFarItIs(t *testing.T) {
	for total, want := range map[int64][]string{
		100 << 20: {"12,351 lines, 6 rejected", " 50% ", "(52/105 MB, 52 MB/s) [1s:1s]"},
		-1:        {"12,351 lines, 6 rejected", "(52 MB, 52 MB/s) [1s]"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var output bytes.Buffer
			bar := newBar(&output)
			bar.Finish() // before anything was read
			bar.Show(Progress{TotalBytes: total})
			time.Sleep(time.Second)
			bar.Show(Progress{Bytes: 50 << 20, TotalBytes: total, Accepted: 12_345, Rejected: 6})
			bar.Finish()
			for _, text := range want {
				if !strings.Contains(output.String(), text) {
					t.Errorf("of %d bytes: got %q, want %q", total, output.String(), text)
				}
			}
		})
	}
}
