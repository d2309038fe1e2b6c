package eventlog

import (
	"context"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// freshMetadata is a request for the metadata of topics that a broker answers. By itself, kafka-go answers what it knows, which is up to metadataTTL old.
type freshMetadata struct {
	*metadata.Request
	clientID string
	version  int16
}

// Required has kafka-go leave the exchange to us.
func (f *freshMetadata) Required(versions map[protocol.ApiKey]int16) bool {
	f.version = versions[protocol.Metadata]
	return true
}

// RawExchange sends the request to a broker and gives its *brokersMetadata.
func (f *freshMetadata) RawExchange(broker io.ReadWriter) (protocol.Message, error) {
	const correlation = 1 // a connection has one request at a time, and is closed behind one that failed
	if err := protocol.WriteRequest(broker, f.version, correlation, f.clientID, f.Request); err != nil {
		return nil, err
	}
	_, answer, err := protocol.ReadResponse(broker, protocol.Metadata, f.version)
	if err != nil {
		return nil, fmt.Errorf("reading an answer: %w", err)
	}
	topics := answer.(*metadata.Response)
	for i := range topics.Topics {
		if f.version < operationsVersion {
			topics.Topics[i].TopicAuthorizedOperations = unknownOperations
		}
	}
	return &brokersMetadata{topics}, nil
}

// brokersMetadata is an answer that kafka-go does not take for one to its own requests.
type brokersMetadata struct{ *metadata.Response }

// freshTopics gives the metadata of topics, or of all of them, as a broker has it now.
func (l *Log) freshTopics(ctx context.Context, names ...string) ([]metadata.ResponseTopic, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request := &metadata.Request{TopicNames: names, IncludeTopicAuthorizedOperations: true}
	answer, err := l.requests.RoundTrip(ctx, l.client.Addr, &freshMetadata{Request: request, clientID: l.config.ClientID})
	if err != nil {
		return nil, fmt.Errorf("topics: %w", err)
	}
	return answer.(*brokersMetadata).Topics, nil
}
