package eventlog

import (
	"time"

	"go.uber.org/zap"
)

// longTransaction is longer than producers leave a transaction open that write to a log which others follow live.
const longTransaction = 10 * time.Second

// openTransactionLog watches the end of what can be read, which a foreign producer's open transaction keeps where it is.
type openTransactionLog struct {
	logger *zap.Logger
	end    int64
	since  time.Time
	told   bool
}

// note is told of each fetch's end, and of how many offsets stand behind it.
func (h *openTransactionLog) note(end, held int64, now time.Time) {
	if held > 0 && end == h.end && !h.since.IsZero() {
		h.last(held, now)
		return
	}
	if h.told {
		h.logger.Info("the transaction has ended, and what stands behind it is delivered", zap.Int64("offset", h.end), zap.Duration("after", now.Sub(h.since)))
	}
	h.end, h.since, h.told = end, now, false
}

// last warns once while it lasts.
func (h *openTransactionLog) last(held int64, now time.Time) {
	if h.told || now.Sub(h.since) < longTransaction {
		return
	}
	h.told = true
	h.logger.Warn("a producer's open transaction holds back what stands behind its first record, until it ends or Kafka aborts it",
		zap.Int64("offset", h.end), zap.Int64("records_behind", held), zap.Duration("for", now.Sub(h.since)))
}
