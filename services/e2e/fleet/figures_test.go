//go:build fleet

package fleet

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"text/tabwriter"
)

// figure is one that was measured.
type figure struct {
	test, name string
	got        float64
	bar        string // empty where there is none
	failed     bool
}

var figures struct {
	sync.Mutex
	all []figure
}

// atMost notes a figure, and fails the test if it is above its bar, or no number.
func atMost(t *testing.T, name string, got, bar float64) {
	t.Helper()
	note(t, figure{name: name, got: got, bar: fmt.Sprintf("≤ %.6g", bar), failed: !(got <= bar)})
}

// atLeast notes a figure, and fails the test if it is below its bar, or no number.
func atLeast(t *testing.T, name string, got, bar float64) {
	t.Helper()
	note(t, figure{name: name, got: got, bar: fmt.Sprintf("≥ %.6g", bar), failed: !(got >= bar)})
}

// known notes a figure that has no bar.
func known(t *testing.T, name string, got float64) {
	t.Helper()
	note(t, figure{name: name, got: got})
}

func note(t *testing.T, f figure) {
	t.Helper()
	f.test = t.Name()
	if f.failed {
		t.Errorf("%s: %.6g, want %s", f.name, f.got, f.bar)
	}
	figures.Lock()
	defer figures.Unlock()
	figures.all = append(figures.all, f)
}

// printFigures prints what was noted.
func printFigures() {
	figures.Lock()
	defer figures.Unlock()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for i, f := range figures.all {
		if i == 0 || f.test != figures.all[i-1].test {
			_, _ = fmt.Fprintf(table, "\n%s\n", f.test)
		}
		verdict := ""
		if f.failed {
			verdict = "FAILS"
		}
		_, _ = fmt.Fprintf(table, "  %s\t%.6g\t%s\t%s\n", f.name, f.got, f.bar, verdict)
	}
	_ = table.Flush()
}
