package subscription

import (
	"slices"

	"atlasstream/pkg/atlas"
)

// Candidate is what one subscriber asks for of one measurement in one stream; in the metadata stream, of all measurements.
type Candidate[S comparable] struct {
	Subscriber S
	Stream     atlas.Stream
	IdleSince  int64                               // for the user of an Index, in Unix ms; 0 if a record has matched since it looked last
	index      int                                 // among the candidates of the measurement
	isSimple   bool                                // there is one subscription only, to all probes, without conditions and limit
	simple     Projection                          // then: of that subscription
	fields     Fields                              // then
	allProbes  subscriptionList                    // to all probes
	byProbe    map[atlas.ProbeID]*subscriptionList // to one probe
}

// subscriptionList has subscriptions to the same records, but for their conditions.
type subscriptionList struct {
	unconditional []*Subscription
	conditional   []*Subscription
}

// Match tells whether the subscriber asked for a record, and how it is written: as all its subscriptions that match ask for together. Only conditions and
// acceptedFields look into the record's value.
func (c *Candidate[S]) Match(view *RecordView) (projection Projection, matches bool) {
	if c.isSimple {
		return view.project(c.simple, c.fields), true
	}
	union := &view.union
	union.reset()
	c.allProbes.match(view, union)
	if len(c.byProbe) > 0 {
		if ofProbe := c.byProbe[view.Record().Probe]; ofProbe != nil {
			ofProbe.match(view, union)
		}
	}
	if !union.matches {
		return Projection{}, false
	}
	return view.project(union.Projection, union.sets...), true
}

func (l *subscriptionList) match(view *RecordView, union *union) {
	for _, subscription := range l.unconditional {
		if subscription.admits() {
			union.add(subscription)
		}
	}
	for _, subscription := range l.conditional {
		if !union.covers(subscription) && subscription.admits() && subscription.matches(view) {
			union.add(subscription)
		}
	}
}

func (l *subscriptionList) isEmpty() bool { return len(l.unconditional)+len(l.conditional) == 0 }

func (c *Candidate[S]) isEmpty() bool { return c.allProbes.isEmpty() && len(c.byProbe) == 0 }

func (c *Candidate[S]) add(added *Subscription) {
	if list := c.list(added.Probe); added.isUnconditional() {
		list.unconditional = append(list.unconditional, added)
	} else {
		list.conditional = append(list.conditional, added)
	}
	c.noteSimple()
}

// noteSimple notes whether the candidate has become simple, as most are.
func (c *Candidate[S]) noteSimple() {
	c.isSimple = len(c.allProbes.unconditional) == 1 && len(c.allProbes.conditional) == 0 && len(c.byProbe) == 0 &&
		c.allProbes.unconditional[0].Quota == nil
	if c.isSimple {
		only := c.allProbes.unconditional[0]
		c.simple, c.fields = only.projection(), only.Fields
	}
}

// list gives the subscriptions to a probe, to all probes for 0.
func (c *Candidate[S]) list(probe atlas.ProbeID) *subscriptionList {
	if probe == 0 {
		return &c.allProbes
	}
	found := c.byProbe[probe]
	if found == nil {
		if c.byProbe == nil {
			c.byProbe = make(map[atlas.ProbeID]*subscriptionList)
		}
		found = &subscriptionList{}
		c.byProbe[probe] = found
	}
	return found
}

// remove removes those of the given subscriptions to a probe that the candidate has.
func (c *Candidate[S]) remove(probe atlas.ProbeID, removed map[*Subscription]struct{}) {
	isRemoved := func(s *Subscription) bool { _, ok := removed[s]; return ok }
	list := c.list(probe)
	list.unconditional = slices.DeleteFunc(list.unconditional, isRemoved)
	list.conditional = slices.DeleteFunc(list.conditional, isRemoved)
	if probe != 0 && list.isEmpty() {
		delete(c.byProbe, probe)
	}
	c.noteSimple()
}
