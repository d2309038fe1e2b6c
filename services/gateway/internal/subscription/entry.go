package subscription

import "atlasstream/pkg/atlas"

// Entry is what one subscriber wants of one measurement in one stream; in the metadata stream, of all measurements.
type Entry[S comparable] struct {
	Subscriber    S
	Stream        atlas.Stream
	number        int // among the entries of the measurement
	subscriptions []*Subscription

	// What set has worked out: subscriptions change seldom, and records are many.
	everyProbe  bool                   // some subscription wants every probe, without conditions
	form        Form                   // of those subscriptions together
	byProbe     map[atlas.ProbeID]Form // of the probes that some subscription names without conditions: the form of their records
	conditional []*Subscription        // which have to be asked
	unions      unions
}

// Match tells whether the subscriber wants a record, and in which form: that of all its subscriptions that match, together. Only conditions look into the
// record's value.
func (e *Entry[S]) Match(subject *Subject) (form Form, matches bool) {
	form, matches = e.unconditional(subject.Record().Probe)
	for _, subscription := range e.conditional {
		if matches && form.covers(subscription.form()) || !subscription.matches(subject) {
			continue
		}
		if matches {
			form = e.unions.of(form, subscription.form())
			continue
		}
		form, matches = subscription.form(), true
	}
	return form, matches
}

func (e *Entry[S]) unconditional(probe atlas.ProbeID) (form Form, matches bool) {
	if form, named := e.byProbe[probe]; named {
		return form, true
	}
	return e.form, e.everyProbe
}

func (e *Entry[S]) set(subscriptions []*Subscription) {
	e.subscriptions, e.conditional, e.unions = subscriptions, nil, nil
	wanted := make(map[atlas.ProbeID]Form) // by probe, with every probe under 0
	for _, subscription := range subscriptions {
		if !subscription.isUnconditional() {
			e.conditional = append(e.conditional, subscription)
			continue
		}
		form, named := wanted[subscription.Probe]
		if named {
			form = form.union(subscription.form())
		} else {
			form = subscription.form()
		}
		wanted[subscription.Probe] = form
	}
	e.form, e.everyProbe = wanted[0]
	delete(wanted, 0)
	e.setByProbe(wanted)
}

func (e *Entry[S]) setByProbe(wanted map[atlas.ProbeID]Form) {
	e.byProbe = nil
	if len(wanted) > 0 {
		e.byProbe = wanted
	}
	if !e.everyProbe {
		return
	}
	for probe, form := range wanted {
		wanted[probe] = form.union(e.form)
	}
}
