package catchup

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"atlasstream/pkg/eventlog"
	"atlasstream/services/e2e/internal/sample"
)

// check compares every stretch with the log, in the order in which each goes on behind those before it.
func (s *simulatedSubscription) check(model logModel, tailLag time.Duration) error {
	for i, segment := range s.segments {
		if err := segment.check(model, tailLag); err != nil {
			return fmt.Errorf("stretch %d of %d: %w", i, len(s.segments), err)
		}
	}
	return nil
}

// subscription is what a client subscribes to.
type subscription struct {
	measurement   int
	probe, family int // any if 0
	buffering     bool
	cursors       bool
	backlog       bool
	replay        bool
	start, end    time.Time // of the replay
}

// parameters are those of the wish; to go on somewhere, with the cursor of that place.
func (s subscription) parameters(cursor string) json.RawMessage {
	members := map[string]any{"stream_type": "result", "msm": s.measurement}
	if s.probe != 0 {
		members["prb"] = s.probe
	}
	if s.family != 0 {
		members["equalsTo"] = map[string]any{"af": s.family}
	}
	if s.buffering {
		members["buffering"] = true
	}
	if s.backlog {
		members["sendBacklog"] = true
	}
	if s.replay {
		members["startTime"], members["endTime"], members["speed"] = s.start.Unix(), s.end.Unix(), sample.MaxSpeed
	}
	if s.cursors {
		members["cursor"] = cursor
	}
	return sample.JSON(members)
}

func (s subscription) matches(record logRecord) bool {
	return (s.probe == 0 || s.probe == record.Probe) && (s.family == 0 || s.family == record.Family)
}

// isLast tells whether nothing of the live feed follows a record that the client wants: a last one is written for every probe and family, in their order.
func (s subscription) isLast(e sample.Fields) bool {
	return e.Last && (s.probe == e.Probe || s.probe == 0 && e.Probe == probes) && (s.family == e.Family || s.family == 0 && e.Family == 6)
}

// wanted are the records that match a wish, in the order in which they must come if all of them come.
func (s subscription) wanted(model logModel) []logRecord {
	all := model.of(eventlog.ResultsTopic, s.measurement)
	if s.replay {
		lastMillisecond := s.end.Add(time.Second - time.Millisecond)
		all = model.replay(s.measurement, s.start, lastMillisecond)
	}
	return slices.DeleteFunc(all, func(record logRecord) bool { return !s.matches(record) })
}

// simulatedSubscription is what becomes of one wish of a traveller.
type simulatedSubscription struct {
	subscription
	segments  []*segment
	confirmed bool // on this line
	done      bool
}

func (s *simulatedSubscription) last() *segment {
	if len(s.segments) == 0 {
		return nil
	}
	return s.segments[len(s.segments)-1]
}
