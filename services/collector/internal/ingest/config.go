// Package ingest is the doors through which others send results: HTTP and gRPC.
package ingest

import (
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

// LeastReading is the least that ReadingBytes can be: an address must be able to have the largest request.
func (l Limits) LeastReading() int64 {
	return addressShare * max(int64(l.MessageBytes), int64(requestBytes+unpack.MaxWindow+max(BatchBytes, l.RecordBytes)))
}
