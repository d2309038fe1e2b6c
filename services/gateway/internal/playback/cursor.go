package playback

import (
	"slices"
	"time"

	"atlasstream/pkg/atlas"
	cursorv1 "atlasstream/proto/cursor/v1"
)

// Cursor is a place behind a message, in a live feed or in a replay; or, with neither, before the first one.
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

func cursorOf(message *cursorv1.Place) (Cursor, bool) {
	cursor := Cursor{Measurement: atlas.MeasurementID(message.GetMeasurement())}
	switch place := message.GetPlace().(type) {
	case *cursorv1.Place_Live:
		cursor.Live = &atlas.Position{Topic: place.Live.GetTopic(), Partition: int(place.Live.GetPartition()), Offset: place.Live.GetOffset()}
	case *cursorv1.Place_Replay:
		cursor.Replay = replayPlaceOf(place.Replay)
	}
	return cursor, cursor.sound()
}

func replayPlaceOf(replay *cursorv1.Replay) *ReplayPlace {
	there := &ReplayPlace{Interval: Interval{Start: time.UnixMilli(replay.GetStart()), End: time.UnixMilli(replay.GetEnd())}}
	for _, topic := range replay.GetTopics() {
		there.Topics = append(there.Topics, TopicPlace{
			Name: topic.GetName(),
			//mutate:cursor-confused
			Mark: Mark{Low: topic.GetLow(), Next: topic.GetNext(), Last: place{topic.GetLastTime(), topic.GetLastOffset()}},
			End:  topic.GetEnd(),
		})
	}
	return there
}

// sound refuses what would have a reader start before the beginning or run for ever, if somebody knows how to seal it.
func (c *Cursor) sound() bool {
	if c.Measurement < 1 {
		return false
	}
	if c.Live != nil {
		return c.Live.Partition >= 0 && c.Live.Offset >= -1 && c.Live.Topic != ""
	}
	if c.Replay == nil {
		return true
	}
	if len(c.Replay.Topics) == 0 || len(c.Replay.Topics) > maxTopics || c.Replay.Interval.End.Before(c.Replay.Interval.Start) {
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
