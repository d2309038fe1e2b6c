package ingest

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"atlasstream/pkg/eventlog"
)

// When a client should come again.
const (
	busyRetry  = time.Second     // what is under way is soon done
	kafkaRetry = 5 * time.Second // a new leader is elected, or a broker comes back
)

// refusal is an HTTP answer other than 200.
type refusal struct {
	status int
	retry  time.Duration // for Retry-After; none if 0
	reason error
}

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, reason: fmt.Errorf(format, args...)}
}

func tooManyRequests(most int) *refusal {
	return &refusal{status: http.StatusServiceUnavailable, retry: busyRetry, reason: fmt.Errorf("busy: %d requests run already, which is the limit", most)}
}

// refuseUnread says why a body could not be read to its end. What stood before is published all the same.
func (l Limits) refuseUnread(err error) *refusal {
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return refuse(http.StatusRequestEntityTooLarge, "body: longer than %d bytes, the limit; send it in parts", l.BodyBytes)
	case errors.Is(err, errUnpackedTooLong):
		return refuse(http.StatusRequestEntityTooLarge, "body: longer than %d bytes once decompressed, the limit; send it in parts", l.BodyBytes)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "body: did not come fast enough, want %d bytes in %s", BatchBytes, l.BatchTimeout)
	}
	return refuse(http.StatusBadRequest, "body: %w", err)
}

// refuseFailed says that Kafka could not be had.
func refuseFailed(err error) *refusal {
	if errors.Is(err, eventlog.ErrAppendTooLarge) {
		return refuse(http.StatusRequestEntityTooLarge, "body: %w; send it in smaller parts, or raise --waiting-bytes", err)
	}
	retry := kafkaRetry
	if errors.Is(err, eventlog.ErrBusy) {
		retry = busyRetry
	}
	reason := fmt.Errorf("%w; send again what begins with that line: the few records of it that Kafka has already do no harm", err)
	return &refusal{status: http.StatusServiceUnavailable, retry: retry, reason: reason}
}
