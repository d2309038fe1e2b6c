package ingest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	ingestv1 "atlasstream/proto/ingest/v1"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/sources"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	protocodec "google.golang.org/grpc/encoding/proto"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// MaxEvents is how many events a gRPC request may have: each takes memory beyond its bytes, and a message of 4 MiB has room for two million empty events.
const MaxEvents = 65_536

// call is a running request of the ingest service.
type call struct {
	from  *sender
	timer *time.Timer // ends the call
}

type callKey struct{}

// callContext ends like a context with a deadline, though the deadline moves.
type callContext struct{ context.Context }

var errSlowCall = errors.New("the call took too long")

func (c callContext) Err() error {
	if errors.Is(context.Cause(c.Context), errSlowCall) {
		return context.DeadlineExceeded
	}
	return c.Context.Err()
}

// admit reserves the memory of a request before its message is read, and starts the time within which the message must arrive.
func (g *GRPC) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	from, memory, err := g.receive(ctx, info)
	if err != nil {
		g.metrics.requests.WithLabelValues(methodLabel(info.FullMethodName), status.Code(err).String()).Inc()
		return ctx, err
	}
	if topicOf(info.FullMethodName) == "" { // health: Watch lasts as long as its client wants
		context.AfterFunc(ctx, memory.release)
		return ctx, nil
	}
	bounded, end := context.WithCancelCause(ctx)
	timer := time.AfterFunc(g.limits.ReadTimeout, func() { end(errSlowCall) })
	context.AfterFunc(ctx, func() { // the stream's context ends with the stream
		timer.Stop()
		end(nil)
		memory.release()
	})
	return context.WithValue(callContext{bounded}, callKey{}, &call{from: from, timer: timer}), nil
}

// receive says whose a request is, and reserves its memory. Everybody may ask for health.
func (g *GRPC) receive(ctx context.Context, info *tap.Info) (from *sender, memory *reservation, err error) {
	if origin := info.Header.Get("origin"); len(origin) > 0 { // a web page, through a proxy
		return nil, nil, status.Errorf(codes.PermissionDenied, "origin: got %q, want none: web pages may not send records", origin[0])
	}
	remote, state := peerOf(ctx)
	from = g.load.newSender(remote, info.Header.Get, state)
	bytes := int64(requestBytes)
	if topic := topicOf(info.FullMethodName); topic == "" {
		from.source, from.account = sources.Everybody, accountOf(sources.Everybody, from.network)
	} else {
		if refused := g.load.identify(from, topic); refused != nil {
			return nil, nil, refused.grpcError()
		}
		bytes = max(bytes, int64(g.limits.MessageBytes))
	}
	if memory, err = g.load.reserve(from.account, bytes); err != nil {
		return nil, nil, g.load.refused(from, refuseBusy(err)).grpcError()
	}
	return from, memory, nil
}

// topicOf is the topic that a method of the ingest service sends to; empty for other services.
func topicOf(method string) string {
	switch {
	case method == ingestv1.IngestService_PublishProbeStatus_FullMethodName:
		return publish.ProbeStatus.Topic
	case strings.HasPrefix(method, "/"+ingestv1.IngestService_ServiceDesc.ServiceName+"/"):
		return publish.Results.Topic
	}
	return ""
}

func peerOf(ctx context.Context) (address string, state *tls.ConnectionState) {
	from, ok := peer.FromContext(ctx)
	if !ok {
		return "", nil
	}
	if info, ok := from.AuthInfo.(credentials.TLSInfo); ok {
		state = &info.State
	}
	return from.Addr.String(), state
}

// service is the ingest service with bounded calls: a message is decoded only once it has arrived.
func (g *GRPC) service() *grpc.ServiceDesc {
	desc := ingestv1.IngestService_ServiceDesc
	desc.Methods = make([]grpc.MethodDesc, 0, len(desc.Methods))
	for _, method := range ingestv1.IngestService_ServiceDesc.Methods {
		handle := method.Handler
		method.Handler = func(service any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			began := time.Now()
			var message message
			response, err := any(nil), decode(&message)
			if err == nil {
				response, err = handle(service, ctx, message.decode, nil)
			}
			g.metrics.answered(method.MethodName, err, time.Since(began))
			return response, err
		}
		desc.Methods = append(desc.Methods, method)
	}
	return &desc
}

// message is a request that is not decoded yet.
type message struct{ raw []byte }

func (m *message) decode(into any) error {
	events := 0
	for rest := m.raw; len(rest) > 0; events++ {
		_, _, n := protowire.ConsumeField(rest)
		if n < 0 {
			return status.Errorf(codes.InvalidArgument, "the request is not a valid protobuf message: %v", protowire.ParseError(n))
		}
		if events == MaxEvents {
			return status.Errorf(codes.ResourceExhausted, "more than %d events, the limit of a request; send them in several requests", MaxEvents)
		}
		rest = rest[n:]
	}
	if err := proto.Unmarshal(m.raw, into.(proto.Message)); err != nil {
		return status.Errorf(codes.InvalidArgument, "the request is not a valid protobuf message: %v", err)
	}
	return nil
}

// codec is gRPC's own, but leaves a *message encoded.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(protocodec.Name)} }

// Unmarshal decodes all but a *message.
func (c codec) Unmarshal(data mem.BufferSlice, into any) error {
	if packed, ok := into.(*message); ok {
		packed.raw = data.Materialize()
		return nil
	}
	if err := c.CodecV2.Unmarshal(data, into); err != nil {
		return fmt.Errorf("decoding: %w", err)
	}
	return nil
}

// methods are the names without their service's of all methods that are served, by their full names.
var methods = methodsOf(&ingestv1.IngestService_ServiceDesc, &healthv1.Health_ServiceDesc)

func methodsOf(services ...*grpc.ServiceDesc) map[string]string {
	names := make(map[string]string)
	for _, service := range services {
		for _, method := range service.Methods {
			names["/"+service.ServiceName+"/"+method.MethodName] = method.MethodName
		}
		for _, stream := range service.Streams {
			names["/"+service.ServiceName+"/"+stream.StreamName] = stream.StreamName
		}
	}
	return names
}

// methodLabel is the label of a method in metrics. Clients can make up any number of other methods, even with names that no label may have.
func methodLabel(fullName string) string {
	if name, known := methods[fullName]; known {
		return name
	}
	return "other"
}
