package outage

import (
	"cmp"
	"math"
	"slices"
)

// sameOutage is how far apart units of one outage may begin to fail.
const sameOutage = 2 * minute

// candidate is a unit that may explain disconnects, or several cells side by side.
type candidate struct {
	kind  unitKind
	units []*unit
}

func (c *candidate) has(lost *disconnect) bool {
	return slices.ContainsFunc(c.units, func(u *unit) bool { return lost.isOf(u.unitKey) })
}

// fit is how well a candidate explains the disconnects of its units that no other candidate explains.
type fit struct {
	*candidate
	lost     []*disconnect // one of each probe, the last one, in the order of time
	expected float64
	gain     float64 // of likelihood over chance
	surprise float64
}

// explanation is what failed at about the same time for one reason.
type explanation struct {
	kind     Kind
	fits     []*fit
	from     instant
	lost     []*disconnect
	surprise float64
	outage   *outage // as which it is reported
}

// explain returns what explains the burst best. Several units that fail at once may be a large part of the world, so the world explains a burst only if it
// does so better than all others without it.
func (d *Detector) explain() []*explanation {
	candidates := d.candidates()
	best, worth := d.cover(candidates)
	if others := slices.DeleteFunc(candidates, func(c *candidate) bool { return c.kind == world }); len(others) < len(candidates) {
		if apart, more := d.cover(others); more > worth {
			best = apart
		}
	}
	return gather(best)
}

// cover chooses the candidate with the greatest gain of likelihood, then the one with the greatest gain for the rest, as long as the rest is surprising: so it
// names three countries only if no unit of all three explains more. Its worth is the total gain, less the threshold of an alarm for each candidate.
func (d *Detector) cover(candidates []*candidate) (chosen []*fit, worth float64) {
	for best := d.bestFit(candidates); best != nil; best = d.bestFit(candidates) {
		for _, lost := range best.lost {
			lost.claimed = true
		}
		chosen = append(chosen, best)
		worth += best.gain - alarmSurprise*math.Ln10
	}
	for _, f := range chosen {
		for _, lost := range f.lost {
			lost.claimed = false
		}
	}
	return chosen, worth
}

// candidates are the units of the episode, in a definite order.
func (d *Detector) candidates() (all []*candidate) {
	units := slices.SortedFunc(slices.Values(d.episode.units), func(a, b *unit) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
	})
	for _, u := range units {
		if u.kind != cell {
			all = append(all, &candidate{u.kind, []*unit{u}})
		}
	}
	cells := slices.DeleteFunc(units, func(u *unit) bool { return u.kind != cell })
	for len(cells) > 0 {
		var patch []*unit
		patch, cells = patchOf(cells)
		all = append(all, &candidate{cell, patch})
	}
	return all
}

// patchOf returns the first cell with all that are connected to it over touching cells, and the remaining ones.
func patchOf(cells []*unit) (patch, others []*unit) {
	patch, others = cells[:1:1], slices.Clone(cells[1:])
	for i := 0; i < len(patch); i++ {
		others = slices.DeleteFunc(others, func(u *unit) bool {
			touches := patch[i].cell.touches(u.cell)
			if touches {
				patch = append(patch, u)
			}
			return touches
		})
	}
	return patch, others
}

func (d *Detector) bestFit(candidates []*candidate) (best *fit) {
	for _, c := range candidates {
		if f := d.fit(c); f != nil && (best == nil || f.gain > best.gain) {
			best = f
		}
	}
	return best
}

// fit returns nil if the rest of the candidate's disconnects is no surprise.
func (d *Detector) fit(c *candidate) *fit {
	d.marks++
	f := &fit{candidate: c}
	worldly := d.world.rate.worldRate()
	of := 0
	for _, u := range c.units {
		of += u.alarm.up + 1
		f.lost = append(f.lost, d.unclaimed(u)...)
		f.expected += expected(u.rate.probeRate(worldly), u.alarm.up, u.alarm.from, u.alarm.until)
	}
	after := len(f.lost) - len(c.units) // the first one of each starts the window
	if len(f.lost) < minProbes || after < 1 || !isOwn(c.kind, len(f.lost), of) {
		return nil
	}
	if f.surprise = surprise(after, f.expected); f.surprise < alarmSurprise {
		return nil
	}
	f.gain = gain(after, f.expected)
	return f
}

// unclaimed returns the disconnects of a unit's alarm that nothing explains yet, the last one of each probe.
func (d *Detector) unclaimed(u *unit) (lost []*disconnect) {
	for _, e := range slices.Backward(u.recent) {
		if e.at < u.alarm.from {
			break
		}
		if e.at <= u.alarm.until && !e.claimed && e.probe.mark != d.marks {
			e.probe.mark = d.marks
			lost = append(lost, e.disconnect)
		}
	}
	slices.Reverse(lost)
	return lost
}

// gather makes explanations of fits: outages that begin at about the same time are one.
func gather(chosen []*fit) (all []*explanation) {
	var last *explanation
	slices.SortStableFunc(chosen, func(a, b *fit) int { return cmp.Compare(a.lost[0].at, b.lost[0].at) })
	for _, f := range chosen {
		from, kind := f.lost[0].at, outageKind(f.kind)
		if kind == KindOutage && last != nil && from-last.from <= sameOutage {
			last.add(f)
			continue
		}
		x := &explanation{kind: kind, from: from}
		x.add(f)
		all = append(all, x)
		if kind == KindOutage {
			last = x
		}
	}
	return all
}

func (x *explanation) add(f *fit) {
	x.fits = append(x.fits, f)
	x.lost = append(x.lost, f.lost...)
	x.surprise = max(x.surprise, f.surprise)
}
