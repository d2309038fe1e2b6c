package service

import (
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	// repeatInterval is how often a warning of the same words is written while it goes on.
	repeatInterval = 10 * time.Second
	// maxWarnings bounds how many different warnings are remembered; some have the words of others in them.
	maxWarnings = 1000
)

// repeatCore writes a warning that comes again and again, such as of writing that fails while Kafka is away, once in a while, with how many there were since.
type repeatCore struct {
	zapcore.Core
	warnings *warnings
}

// warnings are those that were written, by logger and message.
type warnings struct {
	mu   sync.Mutex
	seen map[[2]string]*warning
}

type warning struct {
	written time.Time
	since   int // repeats
}

func countRepeats(core zapcore.Core) zapcore.Core {
	return &repeatCore{core, &warnings{seen: make(map[[2]string]*warning)}}
}

// With keeps the memory.
func (c *repeatCore) With(fields []zapcore.Field) zapcore.Core {
	return &repeatCore{c.Core.With(fields), c.warnings}
}

// Check leaves all but warnings to the core beneath.
func (c *repeatCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Level != zapcore.WarnLevel || !c.Enabled(entry.Level) {
		return c.Core.Check(entry, checked)
	}
	return checked.AddCore(entry, c)
}

// Write writes a warning, unless it was written a moment ago.
func (c *repeatCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	repeats, due := c.warnings.note([2]string{entry.LoggerName, entry.Message}, entry.Time)
	if !due {
		return nil
	}
	if repeats > 0 {
		fields = append(slices.Clip(fields), zap.Int("repeated", repeats))
	}
	return c.Core.Write(entry, fields)
}

// note tells whether a warning is to be written, and how many were not since the last one.
func (w *warnings) note(which [2]string, now time.Time) (repeats int, due bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.seen[which]
	switch {
	case known == nil && len(w.seen) >= maxWarnings:
		clear(w.seen)
		fallthrough
	case known == nil:
		w.seen[which] = &warning{written: now}
		return 0, true
	case now.Sub(known.written) < repeatInterval:
		known.since++
		return 0, false
	}
	repeats = known.since
	*known = warning{written: now}
	return repeats, true
}
