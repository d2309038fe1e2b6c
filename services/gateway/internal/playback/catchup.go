package playback

import (
	"context"
	"errors"
	"io"
)

// Stretch is a Source that has an end and tells how far it has been read.
type Stretch interface {
	Source
	// Position gives the offset before which nothing is left to be read.
	Position() int64
}

// CatchUp delivers what a stretch of the log has, in the log's order and as fast as the client takes it, and gives the offset behind that.
func CatchUp(ctx context.Context, stretch Stretch, sink Sink) (next int64, err error) {
	defer sink.Flush()
	for enqueued := 1; ; enqueued++ {
		//mutate:catch-up-without-room
		if _, err := sink.Room(ctx); err != nil {
			return 0, err
		}
		if enqueued%flushEvery == 0 || !stretch.Ready() {
			sink.Flush()
		}
		record, err := stretch.Next(ctx)
		if errors.Is(err, io.EOF) {
			return stretch.Position(), nil
		}
		if err != nil {
			return 0, err
		}
		if err := sink.Deliver(ctx, record, nil); err != nil {
			return 0, err
		}
	}
}
