package catchup

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"atlasstream/pkg/eventlog"
	"atlasstream/services/e2e/internal/sample"
)

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

// parameters are those to subscribe with. An empty cursor does not resume.
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

// isLast reports whether a result is the last live one of the subscription. A last one is written for every probe and family, in their order.
func (s subscription) isLast(fields sample.Fields) bool {
	return fields.Last && (s.probe == fields.Probe || s.probe == 0 && fields.Probe == probes) && (s.family == fields.Family || s.family == 0 && fields.Family == 6)
}

// wanted are all records that match the subscription, in the order of their delivery.
func (s subscription) wanted(model logModel) []logRecord {
	all := model.of(eventlog.ResultsTopic, s.measurement)
	if s.replay {
		lastMillisecond := s.end.Add(time.Second - time.Millisecond)
		all = model.replay(s.measurement, s.start, lastMillisecond)
	}
	return slices.DeleteFunc(all, func(record logRecord) bool { return !s.matches(record) })
}

// simulatedSubscription is a subscription of a simulated client, over all its connections.
type simulatedSubscription struct {
	subscription
	segments  []*segment
	confirmed bool // on the current connection
	done      bool
}

func (s *simulatedSubscription) last() *segment {
	if len(s.segments) == 0 {
		return nil
	}
	return s.segments[len(s.segments)-1]
}

// check compares all segments with the log, in their order, as each resumes after one before it.
func (s *simulatedSubscription) check(model logModel, tailLag time.Duration) error {
	for i, segment := range s.segments {
		if err := segment.check(model, tailLag); err != nil {
			return fmt.Errorf("segment %d of %d: %w", i, len(s.segments), err)
		}
	}
	return nil
}
