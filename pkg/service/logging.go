package service

import (
	"fmt"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

// Logging holds the log settings of a program; commands embed it. Its zero value logs what "info" and "auto" do.
type Logging struct {
	LogLevel  string `help:"Lowest severity of the messages to log." enum:"debug,info,warn,error" default:"info"`
	LogFormat string `help:"Format of the log on stderr; auto is console on a terminal and json otherwise." enum:"auto,json,console" default:"auto"`
}

// Logger writes to stderr. A warning that repeats is written once in ten seconds, with its count. Of other equal messages within a second it keeps the first
// hundred and then every hundredth, so that no client can fill a disk.
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
	config.DisableStacktrace = true // errors say by their wrapping where they come from
	logger, err := config.Build(zap.WrapCore(countRepeats))
	if err != nil {
		return nil, fmt.Errorf("starting the log: %w", err)
	}
	logger = logger.Named(name)
	logger.Info("starting", zap.String("version", Version()))
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
