package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/jitter"
	ingestv1 "atlasstream/proto/ingest/v1"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/split"

	"go.uber.org/zap"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ingestService implements ingest.v1.IngestService.
type ingestService struct {
	ingestv1.UnimplementedIngestServiceServer
	publisher Publisher
	limits    Limits
	load      *Load
	logger    *zap.Logger
}

// PublishResults takes in measurement results.
func (i *ingestService) PublishResults(ctx context.Context, request *ingestv1.PublishResultsRequest) (*ingestv1.PublishResultsResponse, error) {
	if len(request.GetResults()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "results: empty, want at least one")
	}
	outcome, err := i.publish(ctx, publish.Results, request.GetResults())
	if err != nil {
		return nil, err
	}
	return &ingestv1.PublishResultsResponse{Outcome: outcome}, nil
}

// PublishProbeStatus takes in connection events.
func (i *ingestService) PublishProbeStatus(ctx context.Context, request *ingestv1.PublishProbeStatusRequest) (*ingestv1.PublishProbeStatusResponse, error) {
	if len(request.GetEvents()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "events: empty, want at least one")
	}
	outcome, err := i.publish(ctx, publish.ProbeStatus, request.GetEvents())
	if err != nil {
		return nil, err
	}
	return &ingestv1.PublishProbeStatusResponse{Outcome: outcome}, nil
}

func (i *ingestService) publish(ctx context.Context, to publish.Destination, payloads [][]byte) (*ingestv1.Outcome, error) {
	var total publish.Outcome
	for first := 0; first < len(payloads); first += split.BatchValues {
		batch := numbered(payloads[first:min(first+split.BatchValues, len(payloads))], first+1)
		if err := i.publishBatch(ctx, to, batch, &total); err != nil {
			return nil, err
		}
		if last := first + len(batch); total.RejectedTotal > i.limits.Rejections && last < len(payloads) {
			return nil, withDetails(codes.InvalidArgument, tooManyRejected(total.RejectedTotal, i.limits.Rejections, last), outcomeMessage(total))
		}
	}
	return outcomeMessage(total), nil
}

// publishBatch holds a slot while Kafka takes the batch.
func (i *ingestService) publishBatch(ctx context.Context, to publish.Destination, batch []split.Value, total *publish.Outcome) error {
	call := ctx.Value(callKey{}).(*call)
	call.timer.Reset(i.limits.SlotTimeout + i.limits.AppendTimeout)
	release, err := i.load.slot(ctx, call.from)
	if err != nil {
		reason := fmt.Sprintf("%v; send everything from number %d on again", err, batch[0].Line)
		return detailed(codes.ResourceExhausted, reason, busyRetry, outcomeMessage(*total))
	}
	defer release()
	outcome, err := i.publisher.Publish(ctx, to, batch)
	total.Add(outcome)
	if err != nil {
		i.logger.Warn("records refused: Kafka did not take them", zap.String("topic", to.Topic), zap.Error(err))
		return failure(err, outcomeMessage(*total))
	}
	return nil
}

func numbered(payloads [][]byte, first int) []split.Value {
	values := make([]split.Value, len(payloads))
	for n, payload := range payloads {
		values[n] = split.Value{Line: first + n, Raw: payload}
	}
	return values
}

func outcomeMessage(outcome publish.Outcome) *ingestv1.Outcome {
	message := &ingestv1.Outcome{
		Accepted: int64(outcome.Accepted), Late: int64(outcome.Late), Repeated: int64(outcome.Repeated), Hint: outcome.Hint,
		RejectedTotal: int64(outcome.RejectedTotal),
	}
	for _, rejection := range outcome.Rejected {
		message.Rejected = append(message.Rejected, &ingestv1.Rejection{Line: int64(rejection.Line), Reason: rejection.Reason})
	}
	return message
}

// failure says that Kafka did not take the events, when to retry, and how many events Kafka has nevertheless.
func failure(err error, outcome *ingestv1.Outcome) error {
	code, retry := codes.Unavailable, kafkaRetry
	if errors.Is(err, eventlog.ErrBusy) {
		code, retry = codes.ResourceExhausted, busyRetry
	}
	return detailed(code, err.Error(), retry, outcome)
}

// detailed says around when to retry.
func detailed(code codes.Code, reason string, retry time.Duration, more ...protoadapt.MessageV1) error {
	return withDetails(code, reason, append([]protoadapt.MessageV1{&errdetails.RetryInfo{RetryDelay: durationpb.New(jitter.Around(retry))}}, more...)...)
}

func withDetails(code codes.Code, reason string, details ...protoadapt.MessageV1) error {
	answer := status.New(code, reason)
	if with, err := answer.WithDetails(details...); err == nil {
		answer = with
	}
	return answer.Err()
}
