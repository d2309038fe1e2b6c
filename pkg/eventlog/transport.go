package eventlog

import (
	"context"
	"net"

	"github.com/segmentio/kafka-go"
)

// persistentTransport makes kafka-go's Writer try again whenever a batch did not come as far as a broker's answer. By itself it does so for some errors
// only: a partition that has no leader for a moment, a broker that metadata does not list any more or an address that is not to be reached cost the batch
// at once. To send it again later, from outside, would break the order of a measurement's records.
type persistentTransport struct {
	transport kafka.RoundTripper
	aborted   context.Context
}

// RoundTrip fails for good once the transport is aborted.
func (t *persistentTransport) RoundTrip(ctx context.Context, address net.Addr, request kafka.Request) (kafka.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.aborted, cancel)()
	response, err := t.transport.RoundTrip(ctx, address, request)
	switch {
	case err == nil:
		return response, nil
	case t.aborted.Err() != nil:
		return nil, ErrClosed
	default:
		return nil, temporaryError{err}
	}
}

// temporaryError is what kafka-go takes for worth another attempt.
type temporaryError struct{ error }

// Temporary is always true.
func (temporaryError) Temporary() bool { return true }

// Unwrap gives what happened.
func (e temporaryError) Unwrap() error { return e.error }
