package sources

import (
	"fmt"
	"slices"
	"strings"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/tokens"
	"atlasstream/services/collector/internal/publish"
)

// Source is one that may send records.
type Source struct {
	Name         string  // empty for everybody, where there is no file
	Share        float64 // of what the requests of all sources may hold together; 0 for everybody
	token        tokens.Digest
	certificate  string // a name of it; empty without one
	rights       []right
	measurements ids // whose results and objects it may send; nil: of all
	probes       ids // likewise, and whose connection events
	rates        *rates
}

// TokenDigest implements tokens.Holder.
func (s *Source) TokenDigest() tokens.Digest { return s.token }

// right is one to send a kind of records.
type right string

const (
	rightResults     right = "results"
	rightProbeStatus right = "probestatus"
	rightRegistries  right = "registries"
)

var allRights = []right{rightResults, rightProbeStatus, rightRegistries}

// rightTo is the right that sending to a topic takes.
func rightTo(topic string) right {
	switch topic {
	case eventlog.ResultsTopic:
		return rightResults
	case eventlog.ProbeStatusTopic:
		return rightProbeStatus
	default:
		return rightRegistries
	}
}

// CheckRight returns an error unless the source may send to a topic.
func (s *Source) CheckRight(topic string) error {
	//mutate:source-without-right
	if needed := rightTo(topic); !slices.Contains(s.rights, needed) {
		return fmt.Errorf("source %q may not send here: want the right %s, got %s", s.Name, needed, list(s.rights))
	}
	return nil
}

func list(rights []right) string {
	var names []string
	for _, right := range rights {
		names = append(names, string(right))
	}
	return strings.Join(names, ", ")
}

// ids are of measurements or probes.
type ids map[int64]struct{}

func (i ids) has(id int64) bool {
	_, known := i[id]
	return known
}

// Restrict returns the destination as the source may send to it: records of other measurements and probes are rejected there.
func (s *Source) Restrict(to publish.Destination) publish.Destination {
	if s.measurements == nil && s.probes == nil {
		return to
	}
	if parse := to.Event; parse != nil {
		to.Event = func(raw []byte) (atlas.Event, error) {
			event, err := parse(raw)
			if err == nil {
				err = s.checkEvent(&event)
			}
			return event, err
		}
	}
	if parse := to.Object; parse != nil {
		own, of := s.probes, "probes"
		if to.Topic == eventlog.MeasurementsTopic {
			own, of = s.measurements, "measurements"
		}
		to.Object = func(raw []byte) (atlas.Object, error) {
			object, err := parse(raw)
			if err == nil && !own.has(object.ID) {
				err = s.notOwn("id", object.ID, of)
			}
			return object, err
		}
	}
	return to
}

// checkEvent refuses a result of another measurement or probe, and a connection event of another probe.
func (s *Source) checkEvent(event *atlas.Event) error {
	if s.measurements != nil && event.Stream != atlas.StreamProbeStatus && !s.measurements.has(int64(event.Measurement)) {
		return s.notOwn("msm_id", int64(event.Measurement), "measurements")
	}
	//mutate:source-sends-for-others
	if s.probes != nil && !s.probes.has(int64(event.Probe)) {
		return s.notOwn("prb_id", int64(event.Probe), "probes")
	}
	return nil
}

func (s *Source) notOwn(member string, id int64, of string) error {
	return fmt.Errorf("%s: got %d, which is none of the %s of source %q", member, id, of, s.Name)
}
