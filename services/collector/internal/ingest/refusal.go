package ingest

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"google.golang.org/grpc/codes"

	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/sources"
	"atlasstream/services/collector/internal/unpack"
)

// Around when a client should retry.
const (
	busyRetry  = time.Second     // running requests end soon
	kafkaRetry = 5 * time.Second // a new leader is elected, or a broker comes back
)

// refusal is an answer other than success.
type refusal struct {
	status int           // of HTTP
	retry  time.Duration // the mean of when to send it again; never as it is if 0
	reason error
	kind   sources.Reason // for the count, and for the code of gRPC
}

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, reason: fmt.Errorf(format, args...), kind: sources.ReasonRequest}
}

// code is that of gRPC.
func (r *refusal) code() codes.Code {
	switch r.kind {
	case sources.ReasonUnknown:
		return codes.Unauthenticated
	case sources.ReasonRight:
		return codes.PermissionDenied
	case sources.ReasonKafka:
		return codes.Unavailable
	case sources.ReasonRate, sources.ReasonShare:
		return codes.ResourceExhausted
	default:
		return codes.InvalidArgument
	}
}

// refuseBusy tells a client to retry when other requests have ended.
func refuseBusy(err error) *refusal {
	return &refusal{status: http.StatusServiceUnavailable, retry: busyRetry, reason: err, kind: sources.ReasonShare}
}

// tooManyRejected says why the rest of a body or request is not read: wrong records cost as much as right ones.
func tooManyRejected(rejected, most, last int) string {
	return fmt.Sprintf("%d records were rejected, want at most %d: nothing after line %d was read", rejected, most, last)
}

// refuseBody says why a body could not be read to its end. The records before are published all the same.
func (l Limits) refuseBody(err error) *refusal {
	var tooLong *http.MaxBytesError
	var format *unpack.FormatError
	switch {
	case errors.As(err, &tooLong):
		return refuse(http.StatusRequestEntityTooLarge, "body: longer than %d bytes, the limit; send it in smaller bodies", l.BodyBytes)
	case errors.Is(err, errUnpackedTooLong):
		return refuse(http.StatusRequestEntityTooLarge, "body: longer than %d bytes once decompressed, the limit; send it in smaller bodies", l.BodyBytes)
	case errors.Is(err, errExpanded):
		return refuse(http.StatusRequestEntityTooLarge, "body: %w", err)
	case errors.As(err, &format):
		return refuse(http.StatusUnsupportedMediaType, "body: %w, plain or compressed by gzip or zstd", err)
	case errors.Is(err, errBusy):
		return refuseBusy(fmt.Errorf("body: %w; send it again: records that Kafka already has do no harm", err))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "body: too slow, want %d bytes a second and no pause of %s", l.MinRate, l.ReadTimeout)
	}
	return refuse(http.StatusBadRequest, "body: %w", err)
}

// refuseUnpublished says that Kafka did not take the records.
func refuseUnpublished(err error) *refusal {
	if errors.Is(err, eventlog.ErrAppendTooLarge) {
		return &refusal{
			status: http.StatusRequestEntityTooLarge, kind: sources.ReasonShare,
			reason: fmt.Errorf("body: %w; send it in smaller bodies, or raise --waiting-bytes", err),
		}
	}
	retry, kind := kafkaRetry, sources.ReasonKafka
	if errors.Is(err, eventlog.ErrBusy) {
		retry, kind = busyRetry, sources.ReasonShare
	}
	reason := fmt.Errorf("%w; send everything from that line on again: records that Kafka already has do no harm", err)
	return &refusal{status: http.StatusServiceUnavailable, retry: retry, reason: reason, kind: kind}
}
