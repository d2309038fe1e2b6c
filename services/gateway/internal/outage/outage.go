package outage

import "slices"

// Kind says what failed.
type Kind string

// The kinds: networks, a controller of the platform, or the platform.
const (
	KindOutage     Kind = "outage"
	KindController Kind = "controller"
	KindPlatform   Kind = "platform"
)

func outageKind(of unitKind) Kind {
	switch of {
	case world:
		return KindPlatform
	case controller:
		return KindController
	default:
		return KindOutage
	}
}

// State is the state of an outage.
type State string

// The states. An outage is provisional until its burst is over, and withdrawn if it turned out to be none; it is over when half of its probes have
// reconnected, and lost if they have not after a day, or if events were missing.
const (
	StateProvisional State = "provisional"
	StateOn          State = "on"
	StateOver        State = "over"
	StateWithdrawn   State = "withdrawn"
	StateLost        State = "lost"
)

const (
	longestOutage = day
	relapseWithin = 10 * minute
	flapWithin    = minute
)

// outage is a reported outage.
type outage struct {
	id, revision int64
	kind         Kind
	state        State
	noticed      instant
	start        instant
	units        []unitShare
	of           int                         // probes of the units that were connected
	lost         map[*probeState]*disconnect // the last one of each probe; nil once it is frozen
	frozen       *Outage                     // its final report; nil while it may change
	surprise     float64

	back, quickRecoveries    int // probes that have reconnected, and those within a minute
	recovered50, recovered90 instant
}

// unitShare is what a unit lost.
type unitShare struct {
	unitKey
	from           instant
	lost, of       int
	expected, rate float64 // probes, in the time of the burst and in an hour
	surprise       float64
}

func shareOf(u *unit) unitShare {
	alarm := u.alarm
	lost := alarm.probes()
	return unitShare{
		unitKey: u.unitKey, from: alarm.from, lost: lost, of: max(lost, alarm.up+1), // up is an estimate
		expected: alarm.expected, rate: alarm.expected / expected(1, 1, alarm.from, alarm.until), surprise: alarm.surprise,
	}
}

// setState sets the state and the revision.
func (o *outage) setState(to State, revision int64) {
	o.state, o.revision = to, revision
}

// replace replaces a provisional outage by what now explains the burst.
func (o *outage) replace(x *explanation, revision int64) {
	o.kind, o.start, o.surprise, o.revision = x.kind, x.from, x.surprise, revision
	o.units, o.lost = nil, map[*probeState]*disconnect{}
	o.add(x)
}

// confirm makes a provisional outage final, or adds what explains a further burst.
func (o *outage) confirm(x *explanation, revision int64) {
	if o.state != StateProvisional {
		o.start, o.surprise = min(o.start, x.from), max(o.surprise, x.surprise)
		o.add(x)
	}
	o.setState(StateOn, revision)
	o.back, o.quickRecoveries, o.recovered50, o.recovered90 = 0, 0, 0, 0
	for _, lost := range o.lost {
		o.count(lost)
	}
	o.checkRecovery(revision)
}

func (o *outage) add(x *explanation) {
	for _, lost := range x.lost {
		o.lost[lost.probe] = lost
	}
	for _, f := range x.fits {
		for _, u := range f.units {
			share := shareOf(u)
			if former := o.unit(u.unitKey); former == nil {
				o.units = append(o.units, share)
			} else if share.lost > former.lost {
				*former = share
			}
		}
	}
}

func (o *outage) unit(key unitKey) *unitShare {
	if at := slices.IndexFunc(o.units, func(s unitShare) bool { return s.unitKey == key }); at >= 0 {
		return &o.units[at]
	}
	return nil
}

// shares counts the probes that an explanation has in common.
func (o *outage) shares(x *explanation) (count int) {
	for _, lost := range x.lost {
		if o.lost[lost.probe] != nil {
			count++
		}
	}
	return count
}

// grows reports whether an explanation is part of an outage that is on: it began soon, and half of the probes of one are of the other's units.
func (o *outage) grows(x *explanation) bool {
	if o.state != StateOn || x.from > o.start+longestWindow {
		return false
	}
	theirs, ours := 0, 0
	for _, lost := range x.lost {
		if slices.ContainsFunc(o.units, func(s unitShare) bool { return lost.isOf(s.unitKey) }) {
			theirs++
		}
	}
	for _, lost := range o.lost {
		if slices.ContainsFunc(x.fits, func(f *fit) bool { return f.has(lost) }) {
			ours++
		}
	}
	return 2*theirs >= len(x.lost) || 2*ours >= len(o.lost)
}

// relapses reports whether an explanation has at least half of the probes of an outage that has just ended.
func (o *outage) relapses(x *explanation) bool {
	return o.state == StateOver && x.from <= o.recovered50+relapseWithin && 2*o.shares(x) >= len(o.lost)
}

// probeBack notes that a probe has reconnected.
func (o *outage) probeBack(lost *disconnect, revision int64) {
	if o.lost[lost.probe] != lost {
		return
	}
	o.revision = revision
	if o.state == StateOn || o.state == StateOver {
		o.count(lost)
		o.checkRecovery(revision)
	}
}

func (o *outage) count(lost *disconnect) {
	if lost.back == 0 {
		return
	}
	o.back++
	if lost.back-lost.at <= flapWithin {
		o.quickRecoveries++
	}
}

// checkRecovery checks whether enough probes have reconnected.
func (o *outage) checkRecovery(revision int64) {
	half, most := (len(o.lost)+1)/2, (9*len(o.lost)+9)/10
	if o.recovered50 == 0 && o.back >= half {
		o.recovered50 = o.backAt(half)
		o.setState(StateOver, revision)
	}
	if o.recovered90 == 0 && o.back >= most {
		o.recovered90, o.revision = o.backAt(most), revision
	}
}

// backAt returns when so many probes had reconnected.
func (o *outage) backAt(count int) instant {
	times := make([]instant, 0, o.back)
	for _, lost := range o.lost {
		if lost.back > 0 {
			times = append(times, lost.back)
		}
	}
	slices.Sort(times)
	return times[count-1]
}

// isFlap reports whether four fifths of the probes reconnected within a minute.
func (o *outage) isFlap() bool { return 5*o.quickRecoveries >= 4*len(o.lost) }

// freeze keeps only the report of an outage that cannot change: all probes have reconnected, too long ago to relapse.
func (o *outage) freeze(before instant) {
	mayChange := o.state == StateProvisional || o.state == StateOn || o.state == StateOver && before <= o.recovered50+relapseWithin
	if o.frozen == nil && !mayChange && (o.state == StateWithdrawn || o.allBack()) {
		reported := o.report()
		o.frozen, o.lost = &reported, nil
	}
}

func (o *outage) allBack() bool {
	for _, lost := range o.lost {
		if lost.back == 0 {
			return false
		}
	}
	return true
}

// expire marks an outage that does not end as lost.
func (o *outage) expire(now instant, revision int64) {
	if o.state == StateOn && now >= o.start+longestOutage {
		o.setState(StateLost, revision)
	}
}

// giveUpUnlessPlatform marks an outage as lost after a time without events; but trouble of the platform may be the cause of the silence.
func (o *outage) giveUpUnlessPlatform(revision int64) {
	if o.state == StateOn && o.kind != KindPlatform {
		o.setState(StateLost, revision)
	}
}
