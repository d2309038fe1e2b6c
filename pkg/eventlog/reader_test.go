package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
)

// Kafka has closed the connection when the context ends: callers must not take that for the end of the log.
func TestReaderWhoseConnectionIsClosedHasNotEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topic := newFakeTopic("a", 10)
		topic.failNext(fmt.Errorf("reading a response: %w", io.EOF))
		reader := openOffline(t).newReader(partition{broker: topic, topic: ResultsTopic}, nil, 0, 0, 10, "history")
		defer reader.Close()
		ctx, cancel := context.WithTimeout(t.Context(), minPause/2)
		defer cancel()
		_, err := reader.Next(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) {
			t.Errorf("got %v, want the end of the context only", err)
		}
		if record, err := reader.Next(t.Context()); err != nil || record.Position.Offset != 0 {
			t.Errorf("later: got %v, %v, want the first record", record, err)
		}
	})
}
