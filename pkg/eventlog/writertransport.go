package eventlog

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// partitionsTTL is how long a Writer uses a topic's metadata, which it requests with every message.
const partitionsTTL = time.Second

// retryingTransport makes kafka-go's Writer retry a batch that no broker has answered. By itself it retries after some errors only: a partition without
// a leader, a broker that is not in the metadata any more or an unreachable address fail the batch at once. To send it again from outside would break
// the order of a measurement's records. The transport also hides from the Writer that the number of a topic's partitions has changed, so that no record
// is put where it does not belong.
type retryingTransport struct {
	transport kafka.RoundTripper
	layouts   *layouts
	aborted   context.Context
	topics    sync.Map // name to *topicMetadata
}

type topicMetadata struct {
	response  kafka.Response
	requested time.Time
}

// RoundTrip fails without a retry once the transport is aborted.
func (t *retryingTransport) RoundTrip(ctx context.Context, address net.Addr, request kafka.Request) (kafka.Response, error) {
	wanted, ok := request.(*metadata.Request)
	if !ok || len(wanted.TopicNames) != 1 {
		return t.roundTrip(ctx, address, request)
	}
	topic := wanted.TopicNames[0]
	if _, fault := t.layouts.state(topic); fault != nil {
		return nil, fault
	}
	if known, ok := t.topics.Load(topic); ok && time.Since(known.(*topicMetadata).requested) < partitionsTTL {
		return known.(*topicMetadata).response, nil
	}
	response, err := t.roundTrip(ctx, address, request)
	if err != nil {
		return nil, err
	}
	partitions, exists := partitionsIn(response, topic)
	if !exists { // it may be created at any moment
		return response, nil
	}
	if err := t.layouts.checkKnown(topic, partitions); err != nil {
		return nil, err
	}
	t.topics.Store(topic, &topicMetadata{response: response, requested: time.Now()})
	return response, nil
}

// partitionsIn returns the number of a topic's partitions, if there is such a topic.
func partitionsIn(response kafka.Response, topic string) (partitions int, exists bool) {
	described, ok := response.(*metadata.Response)
	if !ok {
		return 0, false
	}
	for i := range described.Topics {
		if found := &described.Topics[i]; found.Name == topic && found.ErrorCode == 0 {
			return len(found.Partitions), true
		}
	}
	return 0, false
}

func (t *retryingTransport) roundTrip(ctx context.Context, address net.Addr, request kafka.Request) (kafka.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.aborted, cancel)()
	response, err := t.transport.RoundTrip(ctx, address, request)
	switch {
	case err == nil:
		return response, nil
	case t.aborted.Err() != nil:
		return nil, ErrClosed
	case isMissingRight(err): // Kafka has answered
		return nil, err
	default:
		return nil, temporaryError{err}
	}
}

// temporaryError makes kafka-go retry.
type temporaryError struct{ error }

// Temporary is always true.
func (temporaryError) Temporary() bool { return true }

// Unwrap returns the error.
func (e temporaryError) Unwrap() error { return e.error }
