package eventlog

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"
)

// answers are what Kafka sends to a MeasurementReader, of which one is asked for while there is still something to give: so a playback that keeps a pace does
// not wait for Kafka at each of them.
type answers struct {
	ctx    context.Context // ends with the reader; nil before the first is asked for
	cancel context.CancelFunc
	asked  chan answer // nil if none is asked for
}

type answer struct {
	response *kafka.FetchResponse
	err      error
}

// ask has the next one fetched, if it is not under way. The reader's fetcher is not touched until it has come.
func (a *answers) ask(ctx context.Context, m *MeasurementReader) {
	if a.asked != nil {
		return
	}
	if a.ctx == nil {
		a.ctx, a.cancel = context.WithCancel(context.WithoutCancel(ctx))
	}
	m.adapt(time.Now())
	asked := make(chan answer, 1)
	a.asked = asked
	go func() {
		response, err := m.fetch(a.ctx)
		asked <- answer{response, err}
	}()
}

// next waits for the next one.
func (a *answers) next(ctx context.Context, m *MeasurementReader) (*kafka.FetchResponse, error) {
	a.ask(ctx, m)
	select {
	case came := <-a.asked:
		a.asked = nil
		return came.response, came.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close gives up the one that is under way.
func (a *answers) close() {
	if a.cancel != nil {
		a.cancel()
	}
	if a.asked != nil {
		<-a.asked
		a.asked = nil
	}
}
