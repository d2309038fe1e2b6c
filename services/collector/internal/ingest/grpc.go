package ingest

import (
	"context"

	"atlasstream/pkg/jitter"
	ingestv1 "atlasstream/proto/ingest/v1"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/split"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ingestService implements ingest.v1.IngestService.
type ingestService struct {
	ingestv1.UnimplementedIngestServiceServer
	intake
	limits Limits
}

// PublishResults takes in measurement results.
func (i *ingestService) PublishResults(ctx context.Context, request *ingestv1.PublishResultsRequest) (*ingestv1.PublishResultsResponse, error) {
	if len(request.GetResults()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "results: empty, want at least one")
	}
	outcome, err := i.take(ctx, publish.Results, request.GetResults())
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
	outcome, err := i.take(ctx, publish.ProbeStatus, request.GetEvents())
	if err != nil {
		return nil, err
	}
	return &ingestv1.PublishProbeStatusResponse{Outcome: outcome}, nil
}

// take publishes a request batch by batch.
func (i *ingestService) take(ctx context.Context, to publish.Destination, payloads [][]byte) (*ingestv1.Outcome, error) {
	var total publish.Outcome
	call := ctx.Value(callKey{}).(*call)
	for first := 0; first < len(payloads); first += split.BatchValues {
		batch := numbered(payloads[first:min(first+split.BatchValues, len(payloads))], first+1)
		call.timer.Reset(3*i.limits.SlotTimeout + i.limits.AppendTimeout) // for the source's rate, a slot, and room among what waits for the log
		if refused := i.publish(ctx, call.from, to, batch, &total); refused != nil {
			return nil, i.load.refused(call.from, refused).grpcError(outcomeMessage(total))
		}
		if last := first + len(batch); total.RejectedTotal > i.limits.Rejections && last < len(payloads) {
			return nil, withDetails(codes.InvalidArgument, tooManyRejected(total.RejectedTotal, i.limits.Rejections, last), outcomeMessage(total))
		}
	}
	return outcomeMessage(total), nil
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

// grpcError is the refusal as gRPC has it: with when to retry, and how many events Kafka has nevertheless.
func (r *refusal) grpcError(outcome ...protoadapt.MessageV1) error {
	details := outcome
	if r.retry > 0 {
		details = append([]protoadapt.MessageV1{&errdetails.RetryInfo{RetryDelay: durationpb.New(jitter.Around(r.retry))}}, details...)
	}
	return withDetails(r.code(), r.reason.Error(), details...)
}

func withDetails(code codes.Code, reason string, details ...protoadapt.MessageV1) error {
	answer := status.New(code, reason)
	if with, err := answer.WithDetails(details...); err == nil {
		answer = with
	}
	return answer.Err()
}
