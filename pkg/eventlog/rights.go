package eventlog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/describeconfigs"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/produce"
)

// Right is an operation that Kafka's authorizer may allow. Read and Write include Describe.
type Right string

// The rights that a log needs, on the topics whose names begin with "atlas.".
const (
	RightDescribe        Right = "Describe"
	RightRead            Right = "Read"
	RightWrite           Right = "Write"           // to append
	RightCreate          Right = "Create"          // to create topics
	RightDescribeConfigs Right = "DescribeConfigs" // to compare the settings of existing topics
)

// MissingRightError says that Kafka denies this program's user a right.
type MissingRightError struct {
	Right Right
	Topic string
	Err   error // Kafka's
}

func (e *MissingRightError) Error() string {
	return fmt.Sprintf("Kafka denies this program's user %s on topic %s: an ACL is missing", e.Right, e.Topic)
}

// Unwrap returns Kafka's error.
func (e *MissingRightError) Unwrap() error { return e.Err }

func isMissingRight(err error) bool {
	_, missing := errors.AsType[*MissingRightError](err)
	return missing
}

// rightsTransport turns responses that deny a right into errors that name it. Kafka's error code is the same for all rights.
type rightsTransport struct{ requests kafka.RoundTripper }

// RoundTrip fails with a *MissingRightError if Kafka denies a right.
func (a rightsTransport) RoundTrip(ctx context.Context, address net.Addr, request kafka.Request) (kafka.Response, error) {
	response, err := a.requests.RoundTrip(ctx, address, request)
	if err != nil {
		return nil, err
	}
	if missing := missingRight(request, response); missing != nil {
		return nil, missing
	}
	return response, nil
}

func missingRight(request kafka.Request, response kafka.Response) error {
	switch answer := response.(type) {
	case *fetchedPartition:
		if fetch, ok := request.(*rawFetch); ok {
			return denied(RightRead, fetch.Topics[0].Topic, int16(answer.code))
		}
	case *listoffsets.Response:
		return firstError(answer.Topics, func(topic listoffsets.ResponseTopic) error {
			return firstError(topic.Partitions, func(found listoffsets.ResponsePartition) error {
				return denied(RightDescribe, topic.Topic, found.ErrorCode)
			})
		})
	case *produce.Response:
		return firstError(answer.Topics, func(topic produce.ResponseTopic) error {
			return firstError(topic.Partitions, func(found produce.ResponsePartition) error { return denied(RightWrite, topic.Topic, found.ErrorCode) })
		})
	case *createtopics.Response:
		return firstError(answer.Topics, func(topic createtopics.ResponseTopic) error { return denied(RightCreate, topic.Name, topic.ErrorCode) })
	case *describeconfigs.Response:
		return firstError(answer.Resources, func(topic describeconfigs.ResponseResource) error {
			return denied(RightDescribeConfigs, topic.ResourceName, topic.ErrorCode)
		})
	}
	return nil
}

// firstError returns the error of the first response that has one.
func firstError[T any](answers []T, refusal func(T) error) error {
	for _, answer := range answers {
		if err := refusal(answer); err != nil {
			return err
		}
	}
	return nil
}

// denialCodes are Kafka's error codes for a missing right.
var denialCodes = []kafka.Error{kafka.TopicAuthorizationFailed, kafka.ClusterAuthorizationFailed}

func denied(right Right, topic string, code int16) error {
	if !slices.Contains(denialCodes, kafka.Error(code)) {
		return nil
	}
	return &MissingRightError{Right: right, Topic: topic, Err: kafka.Error(code)}
}

// operations are the bits by which Kafka tells which operations on a topic its user may do (KIP-430).
var operations = map[Right]int{RightRead: 3, RightWrite: 4, RightCreate: 5, RightDescribe: 8, RightDescribeConfigs: 10}

const (
	// operationsVersion is the version of the response from which on brokers send them.
	operationsVersion = 8
	// unknownOperations is sent by brokers that do not know them.
	unknownOperations = math.MinInt32
)

// checkRights reports whether this program's user has rights on those topics that exist.
func (l *Log) checkRights(ctx context.Context, topics []string, rights ...Right) error {
	found, err := l.freshTopics(ctx, topics...)
	if err != nil {
		return err
	}
	return firstError(found, func(topic metadata.ResponseTopic) error {
		if err := denied(RightDescribe, topic.Name, topic.ErrorCode); err != nil || topic.ErrorCode != 0 || topic.TopicAuthorizedOperations == unknownOperations {
			return err
		}
		return firstError(rights, func(right Right) error {
			if topic.TopicAuthorizedOperations&(1<<operations[right]) == 0 {
				return denied(right, topic.Name, int16(kafka.TopicAuthorizationFailed))
			}
			return nil
		})
	})
}
