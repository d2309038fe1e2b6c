package cursorseal

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"atlasstream/pkg/atlas"
	cursorv1 "atlasstream/proto/cursor/v1"
	"atlasstream/services/gateway/internal/cursor"
)

// The fields of cursor.v1: of a cursor.Token, a SavedSubscription, a Live, a Replay and a TopicPosition.
const (
	fieldIssued        = 1
	fieldSubscriptions = 2
	fieldRestart       = 3

	fieldMeasurement = 1
	fieldLive        = 2
	fieldReplay      = 3
	fieldParameters  = 4
	fieldSavedIssued = 5

	fieldLiveTopic     = 1
	fieldLivePartition = 2
	fieldLiveOffset    = 3
	fieldLiveIdentity  = 4

	fieldReplayStart  = 1
	fieldReplayEnd    = 2
	fieldReplayTopics = 3

	fieldTopic        = 1
	fieldLow          = 2
	fieldNext         = 3
	fieldEnd          = 4
	fieldLastTime     = 5
	fieldLastOffset   = 6
	fieldLastIdentity = 7
)

// appendToken appends the cursor.v1.Token, as proto.Marshal writes it: one with some thirty subscriptions comes with each message of a client, and to convert
// it to a proto.Message first takes ten times as long.
func appendToken(body []byte, t *cursor.Token) []byte {
	body = appendNumber(body, fieldIssued, t.Issued.Unix())
	var room [256]byte
	for i := range t.Subscriptions {
		body = appendBytes(body, fieldSubscriptions, appendSaved(room[:0], &t.Subscriptions[i]))
	}
	for _, parameters := range t.StartOver {
		body = appendBytes(body, fieldRestart, parameters)
	}
	return body
}

func appendSaved(saved []byte, s *cursor.SavedSubscription) []byte {
	saved = appendNumber(saved, fieldMeasurement, int64(s.Measurement))
	if len(s.Parameters) > 0 {
		saved = appendBytes(saved, fieldParameters, s.Parameters)
	}
	if !s.Issued.IsZero() {
		saved = appendNumber(saved, fieldSavedIssued, s.Issued.Unix())
	}
	var room [256]byte
	switch {
	case s.Replay != nil:
		saved = appendBytes(saved, fieldReplay, appendReplay(room[:0], s.Replay))
	case s.IsLive():
		saved = appendBytes(saved, fieldLive, appendLive(room[:0], &s.Live))
	}
	return saved
}

func appendLive(live []byte, l *cursor.Live) []byte {
	live = appendText(live, fieldLiveTopic, l.Topic)
	live = appendNumber(live, fieldLivePartition, int64(l.Partition))
	live = appendNumber(live, fieldLiveOffset, l.Offset)
	return appendFixed(live, fieldLiveIdentity, l.Identity)
}

func appendReplay(replay []byte, r *cursor.Replay) []byte {
	replay = appendNumber(replay, fieldReplayStart, r.Start.UnixMilli())
	replay = appendNumber(replay, fieldReplayEnd, r.End.UnixMilli())
	var room [128]byte
	for i := range r.Topics {
		replay = appendBytes(replay, fieldReplayTopics, appendTopic(room[:0], &r.Topics[i]))
	}
	return replay
}

func appendTopic(topic []byte, t *cursor.TopicPosition) []byte {
	topic = appendText(topic, fieldTopic, t.Topic)
	topic = appendNumber(topic, fieldLow, t.Low)
	topic = appendNumber(topic, fieldNext, t.Next)
	topic = appendNumber(topic, fieldEnd, t.End)
	topic = appendNumber(topic, fieldLastTime, int64(protowire.EncodeZigZag(t.LastTime)))
	topic = appendNumber(topic, fieldLastOffset, int64(protowire.EncodeZigZag(t.LastOffset)))
	return appendFixed(topic, fieldLastIdentity, t.LastIdentity)
}

// appendNumber omits 0, which an absent field has.
func appendNumber(message []byte, field protowire.Number, number int64) []byte {
	if number == 0 {
		return message
	}
	return protowire.AppendVarint(protowire.AppendTag(message, field, protowire.VarintType), uint64(number))
}

// appendFixed omits 0, as appendNumber does.
func appendFixed(message []byte, field protowire.Number, number uint64) []byte {
	if number == 0 {
		return message
	}
	return protowire.AppendFixed64(protowire.AppendTag(message, field, protowire.Fixed64Type), number)
}

func appendBytes(message []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(message, field, protowire.BytesType), value)
}

// appendText omits the empty text.
func appendText(message []byte, field protowire.Number, text string) []byte {
	if text == "" {
		return message
	}
	return protowire.AppendString(protowire.AppendTag(message, field, protowire.BytesType), text)
}

func decodeToken(body []byte) (cursor.Token, error) {
	message := &cursorv1.Token{}
	if proto.Unmarshal(body, message) != nil || len(message.GetSubscriptions()) == 0 {
		return cursor.Token{}, ErrDamaged
	}
	token := cursor.Token{Issued: time.Unix(message.GetIssued(), 0), StartOver: message.GetRestart()}
	for _, subscription := range message.GetSubscriptions() {
		saved, isValid := savedOf(subscription)
		if !isValid {
			return cursor.Token{}, ErrDamaged
		}
		token.Subscriptions = append(token.Subscriptions, saved)
	}
	return token, nil
}

func savedOf(message *cursorv1.SavedSubscription) (saved cursor.SavedSubscription, isValid bool) {
	saved.Measurement, saved.Parameters = atlas.MeasurementID(message.GetMeasurement()), message.GetParameters()
	if issued := message.GetIssued(); issued != 0 {
		saved.Issued = time.Unix(issued, 0)
	}
	switch position := message.GetPosition().(type) {
	case *cursorv1.SavedSubscription_Live:
		saved.Live = liveOf(position.Live)
		return saved, saved.IsLive() && saved.IsValid()
	case *cursorv1.SavedSubscription_Replay:
		saved.Replay = replayOf(position.Replay)
	}
	return saved, saved.IsValid()
}

func liveOf(message *cursorv1.Live) cursor.Live {
	return cursor.Live{Topic: message.GetTopic(), Partition: int(message.GetPartition()), Offset: message.GetOffset(), Identity: message.GetIdentity()}
}

func replayOf(message *cursorv1.Replay) *cursor.Replay {
	replay := &cursor.Replay{Start: time.UnixMilli(message.GetStart()), End: time.UnixMilli(message.GetEnd())}
	for _, topic := range message.GetTopics() {
		replay.Topics = append(replay.Topics, cursor.TopicPosition{
			Topic: topic.GetTopic(),
			//mutate:cursor-offsets-swapped
			Progress: cursor.Progress{
				Low: topic.GetLow(), Next: topic.GetNext(),
				LastTime: topic.GetLastTime(), LastOffset: topic.GetLastOffset(), LastIdentity: topic.GetLastIdentity(),
			},
			End: topic.GetEnd(),
		})
	}
	return replay
}
