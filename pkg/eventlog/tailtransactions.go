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
	warned bool
}

// note takes the end that a fetch has returned, and how many records are after it.
func (l *openTransactionLog) note(end, held int64, now time.Time) {
	if held > 0 && end == l.end && !l.since.IsZero() {
		l.warnIfLong(held, now)
		return
	}
	if l.warned {
		l.logger.Info("the transaction has ended, and the records after it are delivered", zap.Int64("offset", l.end), zap.Duration("after", now.Sub(l.since)))
	}
	l.end, l.since, l.warned = end, now, false
}

// warnIfLong warns once for each transaction.
func (l *openTransactionLog) warnIfLong(held int64, now time.Time) {
	if l.warned || now.Sub(l.since) < longTransaction {
		return
	}
	l.warned = true
	l.logger.Warn("a producer's open transaction keeps the records after its first one from being read, until it ends or Kafka aborts it",
		zap.Int64("offset", l.end), zap.Int64("records_behind", held), zap.Duration("for", now.Sub(l.since)))
}
