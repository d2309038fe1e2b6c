package embedded

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"
)

type brokerLog struct{ logger *zap.Logger }

// Logf passes on kfake's warnings and errors, without its messages about every request.
func (l brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.logger.Error("embedded broker", zap.String("report", fmt.Sprintf(format, args...)))
	case kfake.LogLevelWarn:
		l.logger.Warn("embedded broker", zap.String("report", fmt.Sprintf(format, args...)))
	default:
	}
}
