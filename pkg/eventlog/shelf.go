package eventlog

import (
	"io"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

const (
	// shelvedTogether is how many records share memory at most. Each by itself would cost the garbage collector more than decoding does.
	shelvedTogether = 16
	// shelfBytes bounds the values that share memory.
	shelfBytes = 16 << 10
)

// shelf has memory for a few records that stand beside each other in the log. Whoever keeps one of them for long keeps the others of its shelf, and nothing
// else.
type shelf struct {
	records []atlas.Record // unused
	values  []byte         // unused
}

// copy makes a record of what was fetched, with a value of its own. Topic and partition are left to the caller.
func (s *shelf) copy(fetched *kafka.Record, event *atlas.Event) (*atlas.Record, error) {
	length := len(event.Value)
	if event.Value == nil {
		length = fetched.Value.Len()
	}
	record := s.place(length)
	value := record.Value
	record.Event = *event
	record.Time, record.Value, record.Position.Offset = fetched.Time.UTC(), value, fetched.Offset
	if event.Value != nil {
		copy(value, event.Value)
		return record, nil
	}
	_, err := io.ReadFull(fetched.Value, value)
	return record, err
}

// place gives a record that has nothing but memory for a value.
func (s *shelf) place(length int) *atlas.Record {
	if length > shelfBytes/4 {
		return &atlas.Record{Event: atlas.Event{Value: make([]byte, length)}}
	}
	if len(s.records) == 0 || length > len(s.values) {
		s.records, s.values = make([]atlas.Record, shelvedTogether), make([]byte, min(shelvedTogether*length, shelfBytes))
	}
	record := &s.records[0]
	record.Value = s.values[:length:length]
	s.records, s.values = s.records[1:], s.values[length:]
	return record
}
