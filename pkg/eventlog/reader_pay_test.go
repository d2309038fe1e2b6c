package eventlog_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
)

// All records that a reader goes through are paid for, even if it returns few of them; a reader whose payment fails reads no further.
func TestReadingIsPaidFor(t *testing.T) {
	f := newFixture(t, startEmbedded(t, embedded.Config{}))
	topic := f.newTopic(t, 1)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	const others, horizon = 5000, 1000
	mustAppend(t, writer, topic, pings(t, 2, 0, others))
	mustAppend(t, writer, topic, pings(t, 1, 0, 1))
	open := func(pay func(ctx context.Context, records, bytes int64) error) *eventlog.Reader {
		reader, err := f.log.History().Measurement(within(t, patience), topic, 1, horizon, others+1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(reader.Close)
		reader.BeforeFetch(pay)
		return reader
	}
	paid, inBytes, payments := int64(0), int64(0), 0
	reader := open(func(_ context.Context, records, bytes int64) error {
		paid, inBytes, payments = paid+records, inBytes+bytes, payments+1
		return nil
	})
	record, err := reader.Next(within(t, patience))
	if err != nil || record.Position.Offset != others {
		t.Fatalf("got %+v, %v", record, err)
	}
	if _, err := reader.Next(within(t, patience)); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the end", err)
	}
	if last := others + 1 - paid; payments < 2 || last < 0 || last > others/2 { // what the last response has brought is not paid for, as nothing comes after it
		t.Errorf("%d of %d records are paid for, in %d payments", paid, others+1, payments)
	}
	if length := int64(len(record.Value)); inBytes < paid*length*9/10 || inBytes > paid*length*11/10 {
		t.Errorf("the values of %d records count for %d bytes, each has some %d", paid, inBytes, length)
	}
	broke := errors.New("nothing is left")
	if _, err := open(func(context.Context, int64, int64) error { return broke }).Next(within(t, patience)); !errors.Is(err, broke) {
		t.Errorf("got %v, want the payer's error", err)
	}
}
