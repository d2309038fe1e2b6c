package playback

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"atlasstream/pkg/atlas"
	cursorv1 "atlasstream/proto/cursor/v1"
)

// ErrDamaged is returned for a cursor that no gateway has given out.
var ErrDamaged = errors.New("the cursor is damaged")

// Cursor is a place behind a message, in a live feed or in a replay.
type Cursor struct {
	Measurement atlas.MeasurementID
	Live        *atlas.Position // of the message, in a feed in the log's own order
	Replay      *ReplayPlace
}

// ReplayPlace is a place in a replay.
type ReplayPlace struct {
	Interval Interval
	Topics   []TopicPlace
}

// TopicPlace is how far a replay has delivered one of its topics, and where it stops reading.
type TopicPlace struct {
	Name string
	Mark Mark
	End  int64 // the offset before which reading stops
}

// MaxCursor bounds what is read as a cursor, in bytes.
const MaxCursor = 8192

var checksums = crc32.MakeTable(crc32.Castagnoli)

const checksumSize = 4

// String gives the cursor as clients keep it: URL-safe base64 of a cursor.v1.Cursor and its checksum.
func (c Cursor) String() string {
	message := &cursorv1.Cursor{Measurement: int64(c.Measurement)}
	if c.Live != nil {
		message.Place = &cursorv1.Cursor_Live{Live: &cursorv1.Live{Topic: c.Live.Topic, Partition: int32(c.Live.Partition), Offset: c.Live.Offset}}
	} else if c.Replay != nil {
		message.Place = &cursorv1.Cursor_Replay{Replay: c.Replay.message()}
	}
	encoded, err := proto.Marshal(message)
	if err != nil {
		panic(err) // only a topic's name that is not valid UTF-8 has no form, and Kafka has no such topic
	}
	encoded = binary.BigEndian.AppendUint32(encoded, crc32.Checksum(encoded, checksums))
	return base64.RawURLEncoding.EncodeToString(encoded)
}

func (r *ReplayPlace) message() *cursorv1.Replay {
	replay := &cursorv1.Replay{Start: r.Interval.Start.UnixMilli(), End: r.Interval.End.UnixMilli()}
	for _, topic := range r.Topics {
		replay.Topics = append(replay.Topics, &cursorv1.Replay_Topic{
			Name: topic.Name, Low: topic.Mark.Low, Next: topic.Mark.Next, End: topic.End,
			LastTime: topic.Mark.Last.time, LastOffset: topic.Mark.Last.offset,
		})
	}
	return replay
}

// ParseCursor reads what String gives. The error is ErrDamaged.
func ParseCursor(text string) (Cursor, error) {
	if len(text) > MaxCursor {
		return Cursor{}, fmt.Errorf("%w: it has %d bytes, and no cursor has more than %d", ErrDamaged, len(text), MaxCursor)
	}
	encoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(encoded) < checksumSize {
		return Cursor{}, ErrDamaged
	}
	body, checksum := encoded[:len(encoded)-checksumSize], binary.BigEndian.Uint32(encoded[len(encoded)-checksumSize:])
	message := &cursorv1.Cursor{}
	if crc32.Checksum(body, checksums) != checksum || proto.Unmarshal(body, message) != nil {
		return Cursor{}, ErrDamaged
	}
	return cursorOf(message)
}

func cursorOf(message *cursorv1.Cursor) (Cursor, error) {
	cursor := Cursor{Measurement: atlas.MeasurementID(message.GetMeasurement())}
	switch place := message.GetPlace().(type) {
	case *cursorv1.Cursor_Live:
		cursor.Live = &atlas.Position{Topic: place.Live.GetTopic(), Partition: int(place.Live.GetPartition()), Offset: place.Live.GetOffset()}
	case *cursorv1.Cursor_Replay:
		cursor.Replay = replayPlaceOf(place.Replay)
	}
	if !cursor.sound() {
		return Cursor{}, ErrDamaged
	}
	return cursor, nil
}

func replayPlaceOf(replay *cursorv1.Replay) *ReplayPlace {
	there := &ReplayPlace{Interval: Interval{Start: time.UnixMilli(replay.GetStart()), End: time.UnixMilli(replay.GetEnd())}}
	for _, topic := range replay.GetTopics() {
		there.Topics = append(there.Topics, TopicPlace{
			Name: topic.GetName(),
			Mark: Mark{Low: topic.GetLow(), Next: topic.GetNext(), Last: place{topic.GetLastTime(), topic.GetLastOffset()}},
			End:  topic.GetEnd(),
		})
	}
	return there
}

// sound refuses what a checksum does not keep anybody from making up: offsets that would have a reader start before the beginning or run for ever.
func (c Cursor) sound() bool {
	if c.Measurement < 1 {
		return false
	}
	if c.Live != nil {
		return c.Live.Partition >= 0 && c.Live.Offset >= 0 && c.Live.Topic != ""
	}
	if c.Replay == nil || len(c.Replay.Topics) == 0 || len(c.Replay.Topics) > maxTopics || c.Replay.Interval.End.Before(c.Replay.Interval.Start) {
		return false
	}
	for i, topic := range c.Replay.Topics {
		repeated := slices.ContainsFunc(c.Replay.Topics[:i], func(before TopicPlace) bool { return before.Name == topic.Name })
		if repeated || topic.Name == "" || topic.Mark.Low < 0 || topic.Mark.Next < topic.Mark.Low {
			return false
		}
	}
	return true
}
