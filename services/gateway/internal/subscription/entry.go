package subscription

import (
	"slices"

	"atlasstream/pkg/atlas"
)

// Entry is what one subscriber wants of one measurement in one stream; in the metadata stream, of all measurements.
type Entry[S comparable] struct {
	Subscriber S
	Stream     atlas.Stream
	number     int                       // among the entries of the measurement
	isSimple   bool                      // one subscription is all there is, to every probe and without conditions
	simple     wish                      // what it wants
	every      wanted                    // of every probe
	byProbe    map[atlas.ProbeID]*wanted // of one
}

// wanted are subscriptions to the same records, but for their conditions.
type wanted struct {
	sure        []*Subscription // of which measurement and probe are all that is asked about
	conditional []*Subscription // which have to be asked
}

// Match tells whether the subscriber wants a record, and in which form: that of all its subscriptions that match, together. Only conditions and fields look
// into the record's value.
func (e *Entry[S]) Match(subject *Subject) (form Form, matches bool) {
	if e.isSimple {
		return e.simple.form(subject), true
	}
	union := &subject.union
	union.empty()
	e.every.match(subject, union)
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

func (w *wanted) match(subject *Subject, union *union) {
	for _, subscription := range w.sure {
		union.add(subscription)
	}
	for _, subscription := range w.conditional {
		if !union.covers(subscription) && subscription.matches(subject) {
			union.add(subscription)
		}
	}
}

func (w *wanted) list(of *Subscription) *[]*Subscription {
	if of.isUnconditional() {
		return &w.sure
	}
	return &w.conditional
}

func (w *wanted) isEmpty() bool { return len(w.sure)+len(w.conditional) == 0 }

func (e *Entry[S]) isEmpty() bool { return e.every.isEmpty() && len(e.byProbe) == 0 }

func (e *Entry[S]) add(added *Subscription) {
	list := e.ofProbe(added.Probe).list(added)
	*list = append(*list, added)
	e.simplify()
}

// simplify notes whether the entry has become simple, as most are.
func (e *Entry[S]) simplify() {
	e.isSimple = len(e.every.sure) == 1 && len(e.every.conditional) == 0 && len(e.byProbe) == 0
	if e.isSimple {
		e.simple = e.every.sure[0].wish()
	}
}

// ofProbe gives what is wanted of a probe, of every probe for 0.
func (e *Entry[S]) ofProbe(probe atlas.ProbeID) *wanted {
	if probe == 0 {
		return &e.every
	}
	found := e.byProbe[probe]
	if found == nil {
		if e.byProbe == nil {
			e.byProbe = make(map[atlas.ProbeID]*wanted)
		}
		found = &wanted{}
		e.byProbe[probe] = found
	}
	return found
}

// remove takes those subscriptions out that are there, all of a probe.
func (e *Entry[S]) remove(probe atlas.ProbeID, leaving map[*Subscription]struct{}) {
	leaves := func(s *Subscription) bool { _, leaves := leaving[s]; return leaves }
	reduced := e.ofProbe(probe)
	reduced.sure = slices.DeleteFunc(reduced.sure, leaves)
	reduced.conditional = slices.DeleteFunc(reduced.conditional, leaves)
	if probe != 0 && reduced.isEmpty() {
		delete(e.byProbe, probe)
	}
	e.simplify()
}
