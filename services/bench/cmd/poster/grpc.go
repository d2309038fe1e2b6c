package main

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	ingestv1 "atlasstream/proto/ingest/v1"
	"atlasstream/services/bench/internal/batches"
)

// publisher sends batches over gRPC.
type publisher struct {
	collector ingestv1.IngestServiceClient
	token     string
	requests  []*ingestv1.PublishResultsRequest
}

func newPublisher(connection grpc.ClientConnInterface, token string, made [][]batches.Result) *publisher {
	p := &publisher{collector: ingestv1.NewIngestServiceClient(connection), token: token}
	for _, batch := range made {
		request := &ingestv1.PublishResultsRequest{}
		for _, result := range batch {
			request.Results = append(request.Results, result.Value)
		}
		p.requests = append(p.requests, request)
	}
	return p
}

func (p *publisher) send(ctx context.Context, n int) error {
	if p.token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+p.token)
	}
	response, err := p.collector.PublishResults(ctx, p.requests[n])
	if err != nil {
		return err
	}
	if rejected := response.GetOutcome().GetRejectedTotal(); rejected > 0 {
		return fmt.Errorf("PublishResults: %d results were rejected", rejected)
	}
	return nil
}

func dial(from, address string) (*grpc.ClientConn, error) {
	connect := func(ctx context.Context, address string) (net.Conn, error) {
		return dialer(from).DialContext(ctx, "tcp", address)
	}
	return grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(connect))
}
