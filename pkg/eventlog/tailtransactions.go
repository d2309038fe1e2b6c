package eventlog

import (
	"time"

	"go.uber.org/zap"
)

// longTransaction is longer than producers keep a transaction open in a log that is followed live.
const longTransaction = 10 * time.Second

// openTransactionLog logs that the end of the readable log does not move, as a foreign producer's transaction is open.
type openTransactionLog struct {
	logger *zap.Logger
	end    int64
	since  time.Time
	told   bool
}

// note takes the end that a fetch has returned, and how many records are after it.
func (h *openTransactionLog) note(end, held int64, now time.Time) {
	if held > 0 && end == h.end && !h.since.IsZero() {
		h.last(held, now)
		return
	}
	if h.told {
		h.logger.Info("the transaction has ended, and the records after it are delivered", zap.Int64("offset", h.end), zap.Duration("after", now.Sub(h.since)))
	}
	h.end, h.since, h.told = end, now, false
}

// last warns once for each transaction.
func (h *openTransactionLog) last(held int64, now time.Time) {
	if h.told || now.Sub(h.since) < longTransaction {
		return
	}
	h.told = true
	h.logger.Warn("a producer's open transaction keeps the records after its first one from being read, until it ends or Kafka aborts it",
		zap.Int64("offset", h.end), zap.Int64("records_behind", held), zap.Duration("for", now.Sub(h.since)))
}
