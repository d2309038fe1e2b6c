package service_test

import (
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"

	"atlasstream/pkg/service"
)

func TestLoggerKeepsItsLevel(t *testing.T) {
	for _, test := range []struct {
		setting string
		least   zapcore.Level
	}{{"", zapcore.InfoLevel}, {"debug", zapcore.DebugLevel}, {"error", zapcore.ErrorLevel}} {
		logger, err := service.Logging{LogLevel: test.setting}.Logger("gateway")
		if err != nil {
			t.Fatalf("level %q: %v", test.setting, err)
		}
		if logger.Level() != test.least || logger.Name() != "gateway" {
			t.Errorf("level %q: logs %q from %v, want gateway from %v", test.setting, logger.Name(), logger.Level(), test.least)
		}
	}
}

func TestLoggerRefusesUnknownSettings(t *testing.T) {
	for want, logging := range map[string]service.Logging{
		`log level: got "loud", want debug, info, warn or error`: {LogLevel: "loud"},
		`log format: got "xml", want auto, json or console`:      {LogFormat: "xml"},
	} {
		if _, err := logging.Logger("gateway"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", logging, err, want)
		}
	}
}
