package eventlog

import (
	"io"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// arenaChunk is the size of a chunk of memory for values: large enough to allocate seldom, small enough that a record that is kept for long keeps little else.
const arenaChunk = 32 << 10

// byteArena allocates memory for values from chunks that several values share.
type byteArena struct{ free []byte }

func (a *byteArena) allocate(length int) []byte {
	if length > arenaChunk/4 {
		return make([]byte, length)
	}
	if length > len(a.free) {
		a.free = make([]byte, arenaChunk)
	}
	allocated := a.free[:length:length]
	a.free = a.free[length:]
	return allocated
}

const (
	// slabRecords is how many records share memory at most. To allocate each by itself would cost the garbage collector more than decoding does.
	slabRecords = 16
	// slabBytes limits the values that share memory.
	slabBytes = 16 << 10
)

// recordSlab allocates memory for records and their values. A record that is kept for long keeps the others of its slab, and nothing else.
type recordSlab struct {
	records []atlas.Record // unused
	values  []byte         // unused
}

// copy copies a fetched record with its value. Topic and partition are left to the caller.
func (s *recordSlab) copy(fetched *kafka.Record, event *atlas.Event) (*atlas.Record, error) {
	length := len(event.Value)
	if event.Value == nil {
		length = fetched.Value.Len()
	}
	record := s.allocate(length)
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

// allocate returns an empty record with memory for a value.
func (s *recordSlab) allocate(length int) *atlas.Record {
	if length > slabBytes/4 {
		return &atlas.Record{Event: atlas.Event{Value: make([]byte, length)}}
	}
	if len(s.records) == 0 || length > len(s.values) {
		s.records, s.values = make([]atlas.Record, slabRecords), make([]byte, min(slabRecords*length, slabBytes))
	}
	record := &s.records[0]
	record.Value = s.values[:length:length]
	s.records, s.values = s.records[1:], s.values[length:]
	return record
}
