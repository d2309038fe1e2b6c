package service

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

// Logging has the settings of a program's log; commands embed it.
type Logging struct {
	LogLevel  string `help:"Lowest severity of the messages to log." enum:"debug,info,warn,error" default:"info"`
	LogFormat string `help:"Format of the log on stderr; auto is console on a terminal and json otherwise." enum:"auto,json,console" default:"auto"`
}

// Logger returns a logger that writes to stderr. It writes a repeated warning once in ten seconds, with its count, and of other equal messages in a second the
// first hundred and then every hundredth, so that no client can fill a disk.
func (l Logging) Logger(name string) (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(l.LogLevel)
	if err != nil {
		return nil, fmt.Errorf("log level: got %q, want debug, info, warn or error", l.LogLevel)
	}
	config, err := l.config()
	if err != nil {
		return nil, err
	}
	config.Level = zap.NewAtomicLevelAt(level)
	config.DisableStacktrace = true // errors are wrapped with their context
	logger, err := config.Build(zap.WrapCore(countRepeats))
	if err != nil {
		return nil, fmt.Errorf("starting the log: %w", err)
	}
	logger = logger.Named(name)
	logger.Info("starting", zap.String("version", Version()), zap.Int("memory_limit", MemoryLimit()), zap.Int("processors", runtime.GOMAXPROCS(0)))
	return logger, nil
}

func (l Logging) config() (zap.Config, error) {
	config := zap.NewProductionConfig()
	config.DisableCaller = true
	config.EncoderConfig.TimeKey = "time"
	config.EncoderConfig.EncodeTime = zapcore.ISO8601TimeEncoder
	config.EncoderConfig.EncodeDuration = zapcore.StringDurationEncoder
	switch l.LogFormat {
	case "json":
	case "console":
		asConsole(&config)
	case "", "auto":
		if term.IsTerminal(int(os.Stderr.Fd())) {
			asConsole(&config)
		}
	default:
		return zap.Config{}, fmt.Errorf("log format: got %q, want auto, json or console", l.LogFormat)
	}
	return config, nil
}

func asConsole(config *zap.Config) {
	config.Encoding = "console"
	config.EncoderConfig.EncodeLevel = zapcore.CapitalLevelEncoder
}

const (
	// repeatInterval is how often a repeated warning is written.
	repeatInterval = 10 * time.Second
	// maxWarnings bounds how many different warnings are remembered, as some have variable text.
	maxWarnings = 1000
)

// repeatCore writes a repeated warning, such as that Kafka is unavailable, once an interval, with the number of repeats since.
type repeatCore struct {
	zapcore.Core
	warnings *warnings
}

// warnings are the written ones, by logger and message.
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

// With keeps the count of repeats.
func (c *repeatCore) With(fields []zapcore.Field) zapcore.Core {
	return &repeatCore{c.Core.With(fields), c.warnings}
}

// Check leaves all but warnings to the wrapped core.
func (c *repeatCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Level != zapcore.WarnLevel || !c.Enabled(entry.Level) {
		return c.Core.Check(entry, checked)
	}
	return checked.AddCore(entry, c)
}

// Write writes a warning, unless it was written within the interval.
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

// note returns whether to write a warning, and how many were not written since the last one.
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
