package eventlog

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// rawFetch is a fetch request whose response is kept as received until its records are read. By itself, kafka-go decompresses and parses a whole
// response on arrival, which costs more than reading it batch by batch, and keeps it decompressed until all of it is read.
type rawFetch struct {
	*fetch.Request
	clientID string
	version  int16
}

// Required makes kafka-go leave the exchange to us.
func (r *rawFetch) Required(versions map[protocol.ApiKey]int16) bool {
	r.version = versions[protocol.Fetch]
	return true
}

// RawExchange sends the request to a broker and returns its *fetchedPartition.
func (r *rawFetch) RawExchange(broker io.ReadWriter) (protocol.Message, error) {
	const correlation = 1 // a connection has one request at a time, and is closed after one that failed
	if err := protocol.WriteRequest(broker, r.version, correlation, r.clientID, r.Request); err != nil {
		return nil, err
	}
	body, err := readResponse(broker, correlation)
	if err != nil {
		return nil, err
	}
	partition := &fetchedPartition{}
	return partition, partition.read(body, r.version)
}

// maxResponseSize is far above the size of what brokers send: at most one batch that is longer than requested.
const maxResponseSize = 256 << 20

// readResponse reads the body of a response.
func readResponse(broker io.Reader, correlation int32) (body []byte, err error) {
	var header [8]byte
	if _, err := io.ReadFull(broker, header[:]); err != nil {
		return nil, fmt.Errorf("reading a response: %w", err)
	}
	size, got := binary.BigEndian.Uint32(header[:4]), int32(binary.BigEndian.Uint32(header[4:]))
	if size < 4 || size > maxResponseSize {
		return nil, fmt.Errorf("a response of %d bytes, want 4 to %d", size, maxResponseSize)
	}
	if got != correlation {
		return nil, fmt.Errorf("the response to request %d, want that to %d", got, correlation)
	}
	body = make([]byte, size-4)
	if _, err := io.ReadFull(broker, body); err != nil {
		return nil, fmt.Errorf("reading a response: %w", err)
	}
	return body, nil
}

// fetchedPartition is the part of a response about a partition, as fetch.ResponsePartition, but with its batches as received.
type fetchedPartition struct {
	code             kafka.Error
	highWatermark    int64
	lastStableOffset int64
	logStartOffset   int64
	aborted          []fetch.ResponseTransaction
	batches          []byte
}

// ApiKey implements protocol.Message.
func (*fetchedPartition) ApiKey() protocol.ApiKey { return protocol.Fetch } //nolint:staticcheck // kafka-go's name

// read parses a response about the one partition that was requested.
func (p *fetchedPartition) read(body []byte, version int16) error {
	fields := wireFields{rest: body}
	fields.int32() // for how long the broker throttled it
	if version >= 7 {
		p.code = kafka.Error(fields.int16())
		fields.int32() // the session, of which there is none
	}
	topics := fields.int32()
	fields.bytes(int64(fields.int16())) // the topic's name
	partitions := fields.int32()
	fields.int32() // the partition's number
	p.code = cmp.Or(p.code, kafka.Error(fields.int16()))
	p.highWatermark, p.lastStableOffset = fields.int64(), fields.int64()
	if version >= 5 {
		p.logStartOffset = fields.int64()
	}
	for left := fields.int32(); left > 0 && !fields.broken; left-- {
		p.aborted = append(p.aborted, fetch.ResponseTransaction{ProducerID: fields.int64(), FirstOffset: fields.int64()})
	}
	if version >= 11 {
		fields.int32() // a replica that is nearer
	}
	p.batches = fields.bytes(int64(max(0, fields.int32())))
	switch {
	case p.code == 0 && fields.broken:
		return fmt.Errorf("a response that ends within its %d bytes", len(body))
	case p.code == 0 && (topics != 1 || partitions != 1):
		return fmt.Errorf("a response with %d topics and %d partitions of the first, want one topic and one partition", topics, partitions)
	}
	return nil
}
