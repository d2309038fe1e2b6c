package outage

// minShare is the share of its probes that a unit must lose to count as the cause. An outage of a country hits a few probes of each controller, and of the
// world; and of many probes, some more than usual disconnect at some times of day.
var minShare = [unitKinds]float64{world: 0.2, controller: 0.5, country: 0.05, network: 0.05, cell: 0.05}

// burstGap is how long a burst must be without a disconnect to be over.
const burstGap = minute

// raiseAlarm adds a unit's disconnect and reports whether it started or grew an alarm that the unit itself causes.
func (d *Detector) raiseAlarm(u *unit, index int, lost *disconnect) bool {
	if u.alarm != nil && !u.joined && u.alarm.isOver(lost.at) {
		u.alarm = nil
	}
	rate := u.rate.probeRate(d.world.rate.worldRate())
	if u.alarm == nil {
		best := d.scan(u, index, rate)
		if best.surprise < alarmSurprise {
			return false
		}
		u.alarm = &best
		return u.alarm.isOwn(u.kind)
	}
	grown := u.alarm.with(lost, rate)
	if u.alarm.mayBegin(grown.after) {
		if best := d.scan(u, index, rate); best.surprise > grown.surprise {
			grown = best
		}
		grown.scanned = grown.after
	}
	former := u.alarm.surprise
	*u.alarm = grown
	return grown.surprise > former && grown.isOwn(u.kind)
}

func (b *burst) isOver(at instant) bool {
	return at > b.until+burstGap || at > b.from+longestWindow
}

// mayBegin reports whether to scan for another window, which may begin earlier or later: whenever the burst has grown by an eighth.
func (b *burst) mayBegin(after int) bool { return 8*(after-b.scanned) >= after }

// with returns the burst with one more disconnect, if that makes it more surprising.
func (b *burst) with(lost *disconnect, rate float64) burst {
	if lost.at < b.from || lost.at > b.from+longestWindow {
		return *b
	}
	grown := *b
	if lost.probe.before < b.from { // otherwise it counts already
		grown.after++
	}
	grown.until = max(b.until, lost.at)
	if grown.computeSurprise(rate, b.surprise); grown.surprise <= b.surprise {
		grown.until, grown.surprise, grown.expected = b.until, b.surprise, b.expected
	}
	return grown
}

// isOwn reports whether the unit has lost enough probes to be the cause.
func (b *burst) isOwn(kind unitKind) bool { return isOwn(kind, b.probes(), b.up+1) }

func isOwn(kind unitKind, lost, of int) bool { return float64(lost) >= minShare[kind]*float64(of) }
