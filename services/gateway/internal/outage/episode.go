package outage

import (
	"cmp"
	"slices"
)

// episode is the time from the first alarm until none grows any more.
type episode struct {
	opened, grown instant
	units         []*unit   // with an alarm of their own
	reported      []*outage // provisional
	nextReport    instant   // the next explanation is not due before
	pause         instant   // until the one after that
}

// firstPause is the time from the first report to the next; each further pause is twice as long, as at first each disconnect says much.
const firstPause = 10 * second

func (e *episode) isOver(at instant) bool {
	return at >= e.grown+burstGap || at >= e.opened+longestWindow
}

// joinEpisode adds a unit whose alarm grew to the episode, which begins with the first.
func (d *Detector) joinEpisode(u *unit, at instant) {
	if d.episode == nil {
		d.episode = &episode{opened: at, pause: firstPause}
	}
	d.episode.grown = max(d.episode.grown, at)
	if !u.joined {
		u.joined = true
		d.episode.units = append(d.episode.units, u)
	}
}

// reportIfDue reports from time to time what explains the burst so far.
func (d *Detector) reportIfDue(at instant) {
	e := d.episode
	if len(e.reported) > 0 && at < e.nextReport {
		return
	}
	if d.report(); len(e.reported) > 0 {
		e.nextReport = at + e.pause
		e.pause *= 2
	}
}

// closeEpisode ends the episode: what explains it is an outage or part of one, and the rest counts to the rates.
func (d *Detector) closeEpisode() {
	for _, x := range d.report() {
		x.outage.confirm(x, d.offset)
		x.outage.of = d.connectedBefore(x.outage)
		d.discountExplained(x)
	}
	for _, u := range d.episode.units {
		u.alarm, u.joined = nil, false
	}
	d.episode = nil
}

// discountExplained removes the disconnects that an outage explains from the rates and from alarms.
func (d *Detector) discountExplained(x *explanation) {
	touched := map[*unit]bool{}
	for _, lost := range x.lost {
		lost.outage = x.outage
		for kind, u := range lost.units {
			if u == nil {
				continue
			}
			if lost.counted[kind] {
				u.rate.add(lost.at, -1)
			}
			touched[u] = true
		}
	}
	for u := range touched {
		u.dropExplained()
	}
}

// report makes provisional outages of what explains the burst so far. It returns all explanations, including those that belong to an earlier outage.
func (d *Detector) report() []*explanation {
	all := d.explain()
	var fresh []*explanation
	for _, x := range all {
		if x.outage = d.continuedBy(x); x.outage == nil {
			fresh = append(fresh, x)
		}
	}
	former := d.episode.reported
	match(former, fresh)
	d.episode.reported = nil
	for _, x := range fresh {
		if x.outage == nil {
			x.outage = &outage{id: d.newID(x), state: StateProvisional, noticed: d.at}
			d.outages = append(d.outages, x.outage)
		}
		x.outage.replace(x, d.offset)
		x.outage.of = d.connectedBefore(x.outage)
		d.episode.reported = append(d.episode.reported, x.outage)
	}
	for _, o := range former {
		if !slices.Contains(d.episode.reported, o) {
			o.setState(StateWithdrawn, d.offset)
		}
	}
	return all
}

// connectedBefore counts the probes of an outage's units that were connected before it or have reconnected.
func (d *Detector) connectedBefore(o *outage) (count int) {
	for _, p := range d.probes {
		if o.lost[p] != nil || p.up && p.isOf(o.units) {
			count++
		}
	}
	return count
}

// match assigns to each explanation the provisional outage with which it shares most probes, if there is one.
func match(provisional []*outage, explanations []*explanation) {
	type pair struct {
		outage *outage
		with   *explanation
		shared int
	}
	var pairs []pair
	for _, o := range provisional {
		for _, x := range explanations {
			pairs = append(pairs, pair{o, x, o.shares(x)})
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.shared, a.shared) })
	taken := map[*outage]bool{}
	for _, p := range pairs {
		if p.shared > 0 && p.with.outage == nil && !taken[p.outage] {
			p.with.outage, taken[p.outage] = p.outage, true
		}
	}
}

// newID is the offset of the first disconnect that is not the ID of another outage.
func (d *Detector) newID(x *explanation) int64 {
	for _, lost := range x.lost {
		if !slices.ContainsFunc(d.outages, func(o *outage) bool { return o.id == lost.offset }) {
			return lost.offset
		}
	}
	return d.offset
}

// continuedBy returns the outage that an explanation belongs to: one that is on, began shortly before and shares a unit, or one that just ended and whose
// probes disconnected again. It is nil for a new outage.
func (d *Detector) continuedBy(x *explanation) *outage {
	for _, o := range slices.Backward(d.outages) {
		if o.frozen == nil && o.kind == x.kind && (o.grows(x) || o.relapses(x)) {
			return o
		}
	}
	return nil
}
