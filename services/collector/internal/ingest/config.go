// Package ingest is the doors through which others send results: HTTP and gRPC.
package ingest

import (
	"errors"
	"fmt"
	"time"

	"atlasstream/services/collector/internal/unpack"
)

// Limits bounds what the doors take, and with it their memory. One address may have a quarter of Requests and of ReadingBytes.
type Limits struct {
	BodyBytes     int64         // of an HTTP body, as it comes and once decompressed
	MessageBytes  int           // of a gRPC request, once decompressed
	RecordBytes   int           // of one record
	Rejections    int           // after which what is left of a body or request is not read
	Requests      int           // batches that are published at once, over both doors
	ReadingBytes  int64         // of memory for requests, over both doors
	MinRate       int64         // bytes a second that a client sends in the long run
	ReadTimeout   time.Duration // how long a client may send nothing, or take for a gRPC request
	SlotTimeout   time.Duration // how long a batch may wait for others to be published
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
		atLeast("most rejections", int64(l.Rejections), 1, "record"),
		atLeast("memory for requests", l.ReadingBytes, addressShare*l.requestBytes(), "bytes, four times what the largest request takes"),
		atLeast("least rate", l.MinRate, 1, "byte a second"),
		positive("read timeout", l.ReadTimeout),
		positive("slot timeout", l.SlotTimeout),
		positive("append timeout", l.AppendTimeout),
	)
}

// requestBytes is the most that one request takes.
func (l Limits) requestBytes() int64 {
	return max(int64(l.MessageBytes), int64(requestBytes+unpack.MaxWindow+max(BatchBytes, l.RecordBytes)))
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
