package ingest

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/unpack"
)

// When a client should retry.
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

// refuseBusy tells a client to retry when others are done.
func refuseBusy(err error) *refusal {
	return &refusal{status: http.StatusServiceUnavailable, retry: busyRetry, reason: err}
}

// givenUp says why the rest of a body or request is not read: what is mostly wrong costs as much as what is right, and helps nobody.
func givenUp(rejected, most, last int) string {
	return fmt.Sprintf("%d records were rejected, want at most %d: nothing was read behind line %d", rejected, most, last)
}

// refuseUnread says why a body could not be read to its end. What stood before is published all the same.
func (l Limits) refuseUnread(err error) *refusal {
	var tooLong *http.MaxBytesError
	var foreign *unpack.ForeignError
	switch {
	case errors.As(err, &tooLong):
		return refuse(http.StatusRequestEntityTooLarge, "body: longer than %d bytes, the limit; send it in parts", l.BodyBytes)
	case errors.Is(err, errUnpackedTooLong):
		return refuse(http.StatusRequestEntityTooLarge, "body: longer than %d bytes once decompressed, the limit; send it in parts", l.BodyBytes)
	case errors.Is(err, errSwollen):
		return refuse(http.StatusRequestEntityTooLarge, "body: %w", err)
	case errors.As(err, &foreign):
		return refuse(http.StatusUnsupportedMediaType, "body: %w, plain or compressed by gzip or zstd", err)
	case errors.Is(err, errBusy):
		return refuseBusy(fmt.Errorf("body: %w; send it again: what Kafka has of it already does no harm", err))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "body: did not come fast enough, want %d bytes a second and no pause of %s", l.MinRate, l.ReadTimeout)
	}
	return refuse(http.StatusBadRequest, "body: %w", err)
}

// refuseFailed says that Kafka did not take the records.
func refuseFailed(err error) *refusal {
	if errors.Is(err, eventlog.ErrAppendTooLarge) {
		return refuse(http.StatusRequestEntityTooLarge, "body: %w; send it in smaller parts, or raise --waiting-bytes", err)
	}
	retry := kafkaRetry
	if errors.Is(err, eventlog.ErrBusy) {
		retry = busyRetry
	}
	reason := fmt.Errorf("%w; send everything again from that line on: what Kafka has of it already does no harm", err)
	return &refusal{status: http.StatusServiceUnavailable, retry: retry, reason: reason}
}
