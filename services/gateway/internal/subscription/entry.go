package subscription

import (
	"slices"

	"atlasstream/pkg/atlas"
)

// Entry is what one subscriber asks for of one measurement in one stream; in the metadata stream, of all measurements.
type Entry[S comparable] struct {
	Subscriber S
	Stream     atlas.Stream
	index      int                                 // among the entries of the measurement
	isSimple   bool                                // there is one subscription only, to all probes and without conditions
	simple     union                               // then: what it asks for
	allProbes  subscriptionList                    // to all probes
	byProbe    map[atlas.ProbeID]*subscriptionList // to one probe
}

// subscriptionList has subscriptions to the same records, but for their conditions.
type subscriptionList struct {
	unconditional []*Subscription
	conditional   []*Subscription
}

// Match tells whether the subscriber asked for a record, and in which form: that of all its subscriptions that match, together. Only conditions and
// acceptedFields look into the record's value.
func (e *Entry[S]) Match(subject *Subject) (form Form, matches bool) {
	if e.isSimple {
		return e.simple.form(subject), true
	}
	union := &subject.union
	union.clear()
	e.allProbes.match(subject, union)
	if len(e.byProbe) > 0 {
		if ofProbe := e.byProbe[subject.Record().Probe]; ofProbe != nil {
			ofProbe.match(subject, union)
		}
	}
	if !union.matches {
		return Form{}, false
	}
	return union.form(subject), true
}

func (l *subscriptionList) match(subject *Subject, union *union) {
	for _, subscription := range l.unconditional {
		union.add(subscription)
	}
	for _, subscription := range l.conditional {
		if !union.covers(subscription) && subscription.matches(subject) {
			union.add(subscription)
		}
	}
}

func (l *subscriptionList) isEmpty() bool { return len(l.unconditional)+len(l.conditional) == 0 }

func (e *Entry[S]) isEmpty() bool { return e.allProbes.isEmpty() && len(e.byProbe) == 0 }

func (e *Entry[S]) add(added *Subscription) {
	if list := e.list(added.Probe); added.isUnconditional() {
		list.unconditional = append(list.unconditional, added)
	} else {
		list.conditional = append(list.conditional, added)
	}
	e.noteSimple()
}

// noteSimple notes whether the entry has become simple, as most are.
func (e *Entry[S]) noteSimple() {
	e.isSimple = len(e.allProbes.unconditional) == 1 && len(e.allProbes.conditional) == 0 && len(e.byProbe) == 0
	if e.isSimple {
		e.simple.clear()
		e.simple.add(e.allProbes.unconditional[0])
	}
}

// list gives the subscriptions to a probe, to all probes for 0.
func (e *Entry[S]) list(probe atlas.ProbeID) *subscriptionList {
	if probe == 0 {
		return &e.allProbes
	}
	found := e.byProbe[probe]
	if found == nil {
		if e.byProbe == nil {
			e.byProbe = make(map[atlas.ProbeID]*subscriptionList)
		}
		found = &subscriptionList{}
		e.byProbe[probe] = found
	}
	return found
}

// remove removes those of the given subscriptions to a probe that the entry has.
func (e *Entry[S]) remove(probe atlas.ProbeID, removed map[*Subscription]struct{}) {
	isRemoved := func(s *Subscription) bool { _, is := removed[s]; return is }
	list := e.list(probe)
	list.unconditional = slices.DeleteFunc(list.unconditional, isRemoved)
	list.conditional = slices.DeleteFunc(list.conditional, isRemoved)
	if probe != 0 && list.isEmpty() {
		delete(e.byProbe, probe)
	}
	e.noteSimple()
}
