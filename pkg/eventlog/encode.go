package eventlog

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"atlasstream/pkg/atlas"
	eventv1 "atlasstream/proto/event/v1"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"
)

// encoder encodes events as Kafka messages. The keys and headers of all of them share memory.
type encoder struct {
	now     time.Time
	memory  []byte
	headers []kafka.Header
	header  eventv1.Header
}

func newEncoder(events int, now time.Time) *encoder {
	const typicalKeyAndHeader = 64
	return &encoder{now: now, memory: make([]byte, 0, events*typicalKeyAndHeader), headers: make([]kafka.Header, 0, events)}
}

func (e *encoder) event(topic string, event *atlas.Event) (kafka.Message, error) {
	if err := checkEvent(event); err != nil {
		return kafka.Message{}, err
	}
	start := len(e.memory)
	e.memory = strconv.AppendInt(e.memory, int64(event.Measurement), 10)
	keyEnd := len(e.memory)
	e.header.Measurement, e.header.Probe, e.header.Type, e.header.EventId = int64(event.Measurement), int64(event.Probe), event.Type, event.ID[:]
	memory, err := proto.MarshalOptions{}.MarshalAppend(e.memory, &e.header)
	if err != nil {
		return kafka.Message{}, fmt.Errorf("header: %w", err)
	}
	e.memory = memory
	e.headers = append(e.headers, kafka.Header{Key: headerKey, Value: memory[keyEnd:len(memory):len(memory)]})
	return kafka.Message{
		Topic:   topic,
		Key:     memory[start:keyEnd:keyEnd],
		Value:   event.Value,
		Headers: e.headers[len(e.headers)-1:],
		Time:    recordTime(atlas.EventTime(event.Time, e.now)),
	}, nil
}

// object encodes an object; its time is the present. A deleted one becomes a tombstone, for compaction.
func (e *encoder) object(topic string, object *atlas.Object) (kafka.Message, error) {
	if object.ID < 1 || object.ID > atlas.MaxID {
		return kafka.Message{}, fmt.Errorf("id: got %d, want 1 to %d", object.ID, int64(atlas.MaxID))
	}
	value := object.Value
	if len(value) == 0 {
		value = nil
	}
	return kafka.Message{Topic: topic, Key: []byte(object.Key()), Value: value, Time: e.now}, nil
}

// recordTime adds a millisecond to the first one of 1970: kafka-go takes that for a missing time and replaces it by the present.
func recordTime(at time.Time) time.Time {
	if at.UnixMilli() == 0 {
		return time.UnixMilli(1)
	}
	return at
}

// checkEvent refuses events that readers could not use; one such record would fail its whole batch, or be dropped as a repeat.
func checkEvent(event *atlas.Event) error {
	switch {
	case event.Measurement < 1 || event.Measurement > atlas.MaxID:
		return fmt.Errorf("measurement: got %d, want 1 to %d", event.Measurement, int64(atlas.MaxID))
	case event.Probe < 1 || event.Probe > atlas.MaxID:
		return fmt.Errorf("probe: got %d, want 1 to %d", event.Probe, int64(atlas.MaxID))
	case event.Type == "":
		return errors.New("type: missing")
	case event.Time.Before(time.UnixMilli(0)):
		return fmt.Errorf("time: got %s, want 1970 or later", event.Time.UTC().Format(time.RFC3339))
	case event.ID == atlas.EventID{}:
		return errors.New("event ID: missing")
	case len(event.Value) == 0:
		return errors.New("value: missing")
	}
	return nil
}
