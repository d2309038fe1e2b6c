package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/sources"
	"atlasstream/services/collector/internal/split"
)

// Publisher is what HTTP and GRPC need of *publish.Publisher.
type Publisher interface {
	Publish(ctx context.Context, to publish.Destination, values []split.Value) (publish.Outcome, error)
}

// intake publishes the batches of requests over one protocol.
type intake struct {
	publisher Publisher
	load      *Load
	logger    *zap.Logger
	place     string // what the place of a record in a request is called: line
}

// publish publishes a batch for a sender, as its source may send it, and adds what became of it to the total.
func (i *intake) publish(ctx context.Context, from *sender, to publish.Destination, batch []split.Value, total *publish.Outcome) *refusal {
	release, refused := i.admit(ctx, from, to, batch)
	if refused != nil {
		refused.reason = fmt.Errorf("%w; send everything from %s %d on again", refused.reason, i.place, batch[0].Line)
		return refused
	}
	defer release()
	outcome, err := i.publisher.Publish(eventlog.WithBudget(ctx, budget{i.load, from.account}), from.source.Restrict(to), batch)
	total.Add(outcome)
	i.record(from, to, batch, outcome, err)
	if err != nil {
		return refuseUnpublished(err)
	}
	return nil
}

// admit waits for the source's rate, and then for a slot until the batch is published.
func (i *intake) admit(ctx context.Context, from *sender, to publish.Destination, batch []split.Value) (release func(), refused *refusal) {
	if refused := i.load.identify(from, to.Topic); refused != nil {
		return nil, refused
	}
	retry, err := from.source.Wait(ctx, len(batch), bytesOf(batch), i.load.slotTimeout)
	if err != nil {
		return nil, &refusal{status: http.StatusServiceUnavailable, retry: busyRetry, reason: err, kind: sources.ReasonRequest}
	}
	if retry > 0 {
		return nil, refuseRate(from.source, retry)
	}
	if release, err = i.load.slot(ctx, from.account); err != nil {
		return nil, refuseBusy(err)
	}
	return release, nil
}

func refuseRate(source *sources.Source, retry time.Duration) *refusal {
	return &refusal{
		status: http.StatusTooManyRequests, retry: retry, kind: sources.ReasonRate,
		reason: fmt.Errorf("source %q sends more than its rate allows: want a pause of %s", source.Name, retry.Round(time.Millisecond)),
	}
}

func bytesOf(batch []split.Value) (bytes int) {
	for _, value := range batch {
		bytes += len(value.Raw)
	}
	return bytes
}

// record counts a batch that was published, or not, and logs what was not.
func (i *intake) record(from *sender, to publish.Destination, batch []split.Value, outcome publish.Outcome, err error) {
	failed := 0
	if failure, ok := errors.AsType[*publish.FailedError](err); ok {
		failed = failure.Failed
	}
	i.load.sources.Published(from.source.Name, to.Topic, bytesOf(batch), outcome, failed)
	logger := i.logger.With(zap.String("source", from.source.Name), zap.Stringer("address", from.network), zap.String("topic", to.Topic))
	if outcome.RejectedTotal > 0 {
		first := outcome.Rejected[0]
		logger.Warn("records rejected", zap.Int("records", outcome.RejectedTotal), zap.Int(i.place, first.Line), zap.String("first", first.Reason))
	}
	if err != nil {
		logger.Warn("records refused: Kafka did not take them", zap.Error(err))
	}
}
