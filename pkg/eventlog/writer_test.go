package eventlog

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
)

// slowMetadata answers the question about partitions only when it is let, and takes no record.
type slowMetadata struct{ asked, answer chan struct{} }

func (s slowMetadata) RoundTrip(_ context.Context, _ net.Addr, request kafka.Request) (kafka.Response, error) {
	question, ok := request.(*metadata.Request)
	if !ok {
		return nil, errors.New("no record is taken")
	}
	close(s.asked)
	<-s.answer
	topic := metadata.ResponseTopic{Name: question.TopicNames[0], Partitions: []metadata.ResponsePartition{{}}}
	return &metadata.Response{Topics: []metadata.ResponseTopic{topic}}, nil
}

// A Writer that is closed while an Append asks for metadata ends all the same: kafka-go would wait forever for what is handed to it after its close.
func TestCloseWhileAnAppendAsksForMetadata(t *testing.T) {
	log, err := Open(Config{Brokers: []string{"127.0.0.1:1"}}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	writer := log.Writer(WriterConfig{})
	kafka := slowMetadata{make(chan struct{}), make(chan struct{})}
	writer.kafka.Transport = kafka
	event, err := atlas.ParseResult([]byte(`{"msm_id":1,"prb_id":2,"timestamp":1426633200,"type":"ping"}`))
	if err != nil {
		t.Fatal(err)
	}
	appended, closed := make(chan error, 1), make(chan error, 1)
	go func() { appended <- writer.Append(context.Background(), "x", []atlas.Event{event}) }()
	<-kafka.asked
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	go func() { closed <- writer.Close(ctx) }()
	<-ctx.Done()
	close(kafka.answer)
	if err := <-appended; err == nil {
		t.Error("a record that nobody took is said to be in Kafka")
	}
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Fatal("the close hangs")
	}
}
