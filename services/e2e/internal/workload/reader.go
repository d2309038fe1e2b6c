package workload

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
)

// Stall is the time during which ReadExceptStall does not read. Closing Begin begins it, closing End ends it.
type Stall struct{ Begin, End chan struct{} }

// Reader receives numbered results on a connection. To be fast it parses only the members that it needs.
type Reader struct {
	Arrived []time.Time     // of each result
	Took    []time.Duration // from being written to being received

	conn  *connection.Connection
	name  string
	count int
}

// NewReader makes a reader on a connection that is subscribed. The name is for errors.
func NewReader(conn *connection.Connection, name string) *Reader {
	return &Reader{conn: conn, name: name}
}

// Read reads up to the last result.
func (r *Reader) Read() error {
	for {
		if last, err := r.readOne(); last || err != nil {
			return err
		}
	}
}

// ReadExceptStall reads up to the last result, but stops reading during the stall.
func (r *Reader) ReadExceptStall(ctx context.Context, stall *Stall) error {
	for begin := stall.Begin; ; {
		select {
		case <-begin:
			begin = nil
			select {
			case <-stall.End:
			case <-ctx.Done():
				return ctx.Err()
			}
		default:
		}
		if last, err := r.readOne(); last || err != nil {
			return err
		}
	}
}

func (r *Reader) readOne() (last bool, err error) {
	msg, err := r.conn.Receive()
	if err != nil {
		return false, fmt.Errorf("%s, after %d results: %w", r.name, r.count, err)
	}
	number, written := NumberIn(msg.Payload, `"number":`), NumberIn(msg.Payload, `"written":`)
	if msg.Event != "atlas_result" || number != int64(r.count+1) {
		return false, fmt.Errorf("%s: received %.200s, want result %d", r.name, msg, r.count+1)
	}
	r.count++
	now := time.Now()
	r.Arrived, r.Took = append(r.Arrived, now), append(r.Took, now.Sub(time.UnixMicro(written)))
	return bytes.Contains(msg.Payload, []byte(`"last":true`)), nil
}

// NumberIn finds a member, written `"name":`, and returns its number without parsing the rest. It returns -1 if there is none.
func NumberIn(result []byte, member string) int64 {
	_, value, _ := bytes.Cut(result, []byte(member))
	digits, _, _ := bytes.Cut(value, []byte(","))
	number, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return -1
	}
	return number
}

// StartBehind subscribes a reader by every transport to measurement 1001, and writes until all of them are behind, as none of them reads.
func StartBehind(t *testing.T, gateway *testcluster.Cluster, writer *Writer) (readers []*Reader) {
	t.Helper()
	for _, transport := range connection.Transports {
		conn := connection.MustSubscribe(t, transport, connection.Options{Gateway: gateway.Public, Parameters: json.RawMessage(`{"msm":1001}`)})
		readers = append(readers, NewReader(conn, transport.Name))
	}
	await.Condition(t, "all are behind", func() bool {
		if err := writer.Write(t.Context(), 500, false); err != nil {
			t.Fatal(err)
		}
		return int(gateway.Metric(t, "atlas_gateway_behind_clients")) == len(readers) || int(gateway.Metric(t, "atlas_gateway_clients")) < len(readers)
	})
	return readers
}

// StartReading lets readers read at the same time, and returns a function that waits until each has received the last result.
func StartReading(t *testing.T, readers []*Reader) (wait func()) {
	t.Helper()
	var reading sync.WaitGroup
	for _, reader := range readers {
		reading.Go(func() {
			if err := reader.Read(); err != nil {
				t.Error(err)
			}
		})
	}
	return reading.Wait
}
