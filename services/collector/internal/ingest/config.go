// Package ingest is the doors through which others send results: HTTP and gRPC.
package ingest

import (
	"errors"
	"fmt"
	"time"
)

// Limits bounds what a door takes. Together they bound its memory: each request that runs holds about BatchBytes, and the memory of its decompression.
type Limits struct {
	BodyBytes     int64         // of an HTTP body, as it comes and once decompressed
	MessageBytes  int           // of a gRPC request, once decompressed
	RecordBytes   int           // of one record
	Requests      int           // that run at once, over both doors
	BatchTimeout  time.Duration // how long a client may take to send BatchBytes, or a gRPC request
	AppendTimeout time.Duration // how long the log may take to acknowledge a batch; it keeps to that itself
}

// BatchBytes is how much of a body is read before its records are published.
const BatchBytes = 1 << 20

// leastRecordBytes is room for an ordinary result.
const leastRecordBytes = 1 << 10

// Validate joins every fault.
func (l Limits) Validate() error {
	return errors.Join(
		atLeast("largest body", l.BodyBytes, int64(l.RecordBytes), "bytes, the largest record"),
		atLeast("largest gRPC message", int64(l.MessageBytes), int64(l.RecordBytes), "bytes, the largest record"),
		atLeast("largest record", int64(l.RecordBytes), leastRecordBytes, "bytes"),
		atLeast("most requests", int64(l.Requests), 1, "request at once"),
		positive("read timeout", l.BatchTimeout),
		positive("append timeout", l.AppendTimeout),
	)
}

func atLeast(name string, got, least int64, unit string) error {
	if got >= least {
		return nil
	}
	return fmt.Errorf("%s: got %d, want at least %d %s", name, got, least, unit)
}

func positive(name string, got time.Duration) error {
	if got > 0 {
		return nil
	}
	return fmt.Errorf("%s: got %s, want more than 0", name, got)
}
