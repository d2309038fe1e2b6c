package playback

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// The fields of cursor.v1: of a Cursor, a Place and a Live.
const (
	fieldIssued = 1
	fieldPlaces = 2
	fieldAnew   = 3

	fieldMeasurement = 1
	fieldLive        = 2
	fieldReplay      = 3
	fieldParameters  = 4
	fieldPlaceIssued = 5

	fieldTopic     = 1
	fieldPartition = 2
	fieldOffset    = 3
)

// appendTo appends the cursor.v1.Cursor of the bookmark, as proto.Marshal writes it: one with some thirty places comes with each message of a client, and to
// make messages of them first takes ten times as long.
func (b *Bookmark) appendTo(body []byte) []byte {
	body = appendNumber(body, fieldIssued, b.Issued.Unix())
	var room [256]byte
	for i := range b.Marks {
		body = appendBytes(body, fieldPlaces, b.Marks[i].appendTo(room[:0]))
	}
	for _, parameters := range b.Anew {
		body = appendBytes(body, fieldAnew, parameters)
	}
	return body
}

func (m *Bookmarked) appendTo(place []byte) []byte {
	place = appendNumber(place, fieldMeasurement, int64(m.Measurement))
	if len(m.Parameters) > 0 {
		place = appendBytes(place, fieldParameters, m.Parameters)
	}
	if !m.Issued.IsZero() {
		place = appendNumber(place, fieldPlaceIssued, m.Issued.Unix())
	}
	switch {
	case m.Live != nil:
		var room [64]byte
		live := appendText(room[:0], fieldTopic, m.Live.Topic)
		live = appendNumber(live, fieldPartition, int64(m.Live.Partition))
		place = appendBytes(place, fieldLive, appendNumber(live, fieldOffset, m.Live.Offset))
	case m.Replay != nil:
		replay, err := proto.Marshal(m.Replay.message())
		if err != nil {
			panic(err) // only a topic's name that is not valid UTF-8 has no form, and Kafka has no such topic
		}
		place = appendBytes(place, fieldReplay, replay)
	}
	return place
}

// appendNumber leaves out 0, which a field has without being there.
func appendNumber(message []byte, field protowire.Number, number int64) []byte {
	if number == 0 {
		return message
	}
	return protowire.AppendVarint(protowire.AppendTag(message, field, protowire.VarintType), uint64(number))
}

func appendBytes(message []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(message, field, protowire.BytesType), value)
}

// appendText leaves out the empty one.
func appendText(message []byte, field protowire.Number, text string) []byte {
	if text == "" {
		return message
	}
	return protowire.AppendString(protowire.AppendTag(message, field, protowire.BytesType), text)
}
