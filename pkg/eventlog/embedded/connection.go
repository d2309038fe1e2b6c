package embedded

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
)

const (
	maxRequestBytes = 100 << 20 // Apache Kafka's socket.request.max.bytes
	sizeBytes       = 4
	requestHeader   = 8 // the least that follows the size: API key, API version, correlation ID
)

// connection ends at the first invalid request: kfake allocates memory for whatever size a request claims, and panics at an unknown API key. A request
// is size(4) key(2) version(2) correlation(4) …, big-endian (https://kafka.apache.org/protocol#protocol_common).
type connection struct {
	net.Conn
	requests *requestReader
	listener *listener
}

func newConnection(inner net.Conn, listener *listener) *connection {
	return &connection{Conn: inner, requests: &requestReader{source: bufio.NewReader(inner)}, listener: listener}
}

func (c *connection) Read(p []byte) (int, error) {
	n, err := c.requests.Read(p)
	if notKafka := (*notRequestError)(nil); errors.As(err, &notKafka) {
		c.listener.logger.Warn("embedded broker: connection refused", zap.Stringer("client", c.RemoteAddr()), zap.Error(err))
	}
	return n, err
}

func (c *connection) Close() error {
	c.listener.forget(c)
	return c.Conn.Close()
}

// notRequestError says why data is not a request of Kafka's protocol.
type notRequestError struct{ reason string }

func (e *notRequestError) Error() string { return "not a Kafka request: " + e.reason }

// requestReader passes on complete requests after it has checked the header of each.
type requestReader struct {
	source    *bufio.Reader
	remaining int // bytes of the current request
}

func (r *requestReader) Read(p []byte) (int, error) {
	if r.remaining == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n, err := r.source.Read(p[:min(len(p), r.remaining)])
	r.remaining -= n
	return n, err
}

func (r *requestReader) next() error {
	head, err := r.source.Peek(sizeBytes + requestHeader)
	if len(head) == 0 {
		return err
	}
	if len(head) >= sizeBytes {
		if err := checkSize(binary.BigEndian.Uint32(head)); err != nil {
			return err
		}
	}
	if err != nil {
		return unexpectedEnd(err)
	}
	if key := int16(binary.BigEndian.Uint16(head[sizeBytes:])); kmsg.RequestForKey(key) == nil {
		return &notRequestError{fmt.Sprintf("API key %d is unknown", key)}
	}
	r.remaining = sizeBytes + int(binary.BigEndian.Uint32(head))
	return nil
}

func checkSize(size uint32) error {
	if size < requestHeader || size > maxRequestBytes {
		return &notRequestError{fmt.Sprintf("a size of %d bytes: allowed are %d to %d", size, requestHeader, maxRequestBytes)}
	}
	return nil
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
