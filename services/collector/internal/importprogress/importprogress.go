// Package importprogress shows how far an import has come: as a bar in a terminal, as lines elsewhere.
package importprogress

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is the progress of an import.
type Progress struct {
	Bytes      int64 // read, before decompression
	TotalBytes int64 // of all files; -1 where it is not known
	Accepted   int   // lines, or elements, that Kafka has
	Rejected   int
}

// Lines is how many lines, or elements of arrays, were read.
func (s Progress) Lines() int { return s.Accepted + s.Rejected }

// Display shows the progress of an import.
type Display interface {
	Show(Progress)
	Finish()
}

// NewDisplay shows a bar where output is a terminal, else a line every few seconds.
func NewDisplay(output io.Writer) Display {
	if file, ok := output.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return newBar(output)
	}
	return newReport(output)
}

// bar shows bytes, rate and time left by itself; the counts are before it.
type bar struct {
	output io.Writer
	bar    *progressbar.ProgressBar
}

func newBar(output io.Writer) *bar {
	return &bar{output: output}
}

func (b *bar) Show(state Progress) {
	if b.bar == nil {
		b.bar = progressbar.NewOptions64(state.TotalBytes,
			progressbar.OptionSetWriter(b.output),
			progressbar.OptionShowBytes(true),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionFullWidth(),
			progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine that outlives the bar
		)
	}
	b.bar.Describe(counts(state))
	_ = b.bar.Set64(state.Bytes) // a terminal that cannot be written to does not stop the import
}

func (b *bar) Finish() {
	if b.bar == nil {
		return
	}
	_ = b.bar.Exit()
	fmt.Fprintln(b.output)
}

const reportEvery = 5 * time.Second

// report writes a line every few seconds, for logs.
type report struct {
	output io.Writer
	began  time.Time
	last   time.Time
}

func newReport(output io.Writer) *report {
	now := time.Now()
	return &report{output: output, began: now, last: now}
}

func (r *report) Show(state Progress) {
	if now := time.Now(); now.Sub(r.last) >= reportEvery {
		r.last = now
		fmt.Fprintln(r.output, line(state, now.Sub(r.began)))
	}
}

func (r *report) Finish() {}

// line has all that a bar shows.
func line(state Progress, took time.Duration) string {
	rate := float64(state.Bytes) / took.Seconds()
	text := fmt.Sprintf("%s, %s, %s/s, %.0f lines/s", counts(state),
		humanize.IBytes(uint64(state.Bytes)), humanize.IBytes(uint64(rate)), float64(state.Lines())/took.Seconds())
	if state.TotalBytes <= 0 || rate == 0 {
		return text
	}
	left := time.Duration(float64(state.TotalBytes-state.Bytes) / rate * float64(time.Second))
	return fmt.Sprintf("%s, %.0f%%, %s left", text, 100*float64(state.Bytes)/float64(state.TotalBytes), left.Round(time.Second))
}

func counts(state Progress) string {
	return fmt.Sprintf("%s lines, %s rejected", humanize.Comma(int64(state.Lines())), humanize.Comma(int64(state.Rejected)))
}
