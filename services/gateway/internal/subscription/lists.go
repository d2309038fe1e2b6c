package subscription

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/parameter"
)

// maxParts is for how many subscriptions lists may stand together.
const maxParts = 1_000

// Lists are the measurements and the probes of a subscription to several, in order and each once. It stands for a subscription to each pair.
type Lists struct {
	Measurements []atlas.MeasurementID
	Probes       []atlas.ProbeID // 0 alone for all probes
}

// readMeasurements takes an ID, or a list of them.
func (p *parser) readMeasurements(value parameter.Value) (err error) {
	p.lists.Measurements, err = parameter.IDs[atlas.MeasurementID](value)
	if err == nil {
		p.subscription.Measurement = p.lists.Measurements[0]
	}
	return err
}

// readProbes takes an ID, or a list of them.
func (p *parser) readProbes(value parameter.Value) (err error) {
	p.lists.Probes, err = parameter.IDs[atlas.ProbeID](value)
	if err == nil {
		p.subscription.Probe = p.lists.Probes[0]
	}
	return err
}

// finishLists makes the subscription one to several measurements or probes if there are some.
func (p *parser) finishLists() error {
	lists := p.lists
	if len(lists.Measurements) <= 1 && len(lists.Probes) <= 1 {
		return nil
	}
	if len(lists.Measurements) == 0 {
		lists.Measurements = []atlas.MeasurementID{p.subscription.Measurement} // probestatus has one
	}
	if len(lists.Probes) == 0 {
		lists.Probes = []atlas.ProbeID{0}
	}
	if parts := len(lists.Measurements) * len(lists.Probes); parts > maxParts {
		return parameter.Refuse("%s: got %d, for each of %d in %s, which are %d subscriptions, want at most %d together",
			p.seen["prb"], len(lists.Probes), len(lists.Measurements), p.seen["msm"], parts, maxParts)
	}
	if err := p.checkListed(); err != nil {
		return err
	}
	p.subscription.Lists = &lists
	return nil
}

// checkListed refuses what cannot be had of several measurements and probes.
func (p *parser) checkListed() error {
	listed := p.seen["msm"]
	if len(p.lists.Measurements) <= 1 {
		listed = p.seen["prb"]
	}
	if p.subscription.Replay != nil {
		return parameter.Refuse("%s: got several, want one with %s: a replay is of one measurement, and further probes join it", listed, p.seen["starttime"])
	}
	if p.subscription.Cursor.After != "" {
		return parameter.Refuse(`%s: got several, want one with a %s, which is of one measurement, or "" for that`, listed, p.seen["cursor"])
	}
	return nil
}

// Count is for how many subscriptions this one counts.
func (s *Subscription) Count() int {
	if s.Lists == nil {
		return 1
	}
	return len(s.Lists.Measurements) * len(s.Lists.Probes)
}

// Parts gives the subscriptions that lists stand for. They share a quota, and bring nothing before it is opened.
func (s *Subscription) Parts() (parts []*Subscription) {
	whole := *s
	whole.Lists, whole.Cursor.After = nil, ""
	if whole.Quota == nil {
		whole.Quota = &Quota{}
	}
	//mutate:list-before-confirmation
	whole.Quota.isClosed.Store(true)
	for _, measurement := range s.Lists.Measurements {
		for _, probe := range s.Lists.Probes {
			part := whole
			part.Measurement, part.Probe = measurement, probe
			parts = append(parts, &part)
		}
	}
	return parts
}
