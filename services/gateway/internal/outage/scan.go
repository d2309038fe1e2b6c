package outage

// An alarm needs minProbes and a window in which they are as unlikely as 1 to 10^8.
const (
	minProbes     = 5
	alarmSurprise = 8
	longestWindow = 15 * minute
	maxWindows    = 300 // windows that a scan examines
)

// burst is a window of a unit's disconnects.
type burst struct {
	from, until instant // of the first and of the last disconnect
	up          int     // probes that were connected after the first
	after       int     // of them, those that disconnected after the first
	expected    float64 // of them, by the rate
	surprise    float64
	scanned     int // how many there were at the last scan
}

// probes is the number of probes that disconnected.
func (b *burst) probes() int { return b.after + 1 }

// computeSurprise computes how many disconnects to expect at a rate per hour and probe, and how surprising the burst is. It omits the latter if that is at
// most enough.
func (b *burst) computeSurprise(rate, enough float64) {
	b.expected = expected(rate, b.up, b.from, b.until)
	if gain := gain(b.after, b.expected); mostSurprise(b.after, gain) > enough {
		b.surprise = surprise(b.after, b.expected)
	}
}

// expected is how many disconnects so many probes have in an interval. The times are whole seconds, so both ends count.
func expected(rate float64, up int, from, until instant) float64 {
	return rate * float64(up) * float64(until-from+second) / float64(hour)
}

// scan examines all windows that end with a disconnect, and returns the most surprising one that is enough for an alarm, if there is one. It is akin to a
// Poisson CUSUM over all rates, and needs no length of the window: the first disconnect starts a window, and those after it are the surprise.
func (d *Detector) scan(u *unit, index int, rate float64) (best burst) {
	last := u.recent[index]
	earliest := u.earliest(index, rate)
	if earliest == index {
		return best
	}
	d.marks++
	last.probe.mark = d.marks
	after := 1
	for i := index - 1; i >= earliest; i-- {
		first := u.recent[i]
		if first.probe.mark == d.marks {
			continue
		}
		if after+1 >= minProbes && u.mayAlarm(i, index, after, rate) {
			tried := burst{from: first.at, until: last.at, up: first.up, after: after}
			if tried.computeSurprise(rate, best.surprise); tried.surprise > best.surprise {
				best = tried
			}
		}
		first.probe.mark = d.marks
		after++
	}
	return best
}

// earliest returns where the longest window begins that may be an alarm, or index if none may. It takes each disconnect for that of another probe.
func (u *unit) earliest(index int, rate float64) (found int) {
	found = index
	for i := index - 1; i >= max(0, index-maxWindows) && u.recent[index].at-u.recent[i].at <= longestWindow; i-- {
		if u.mayAlarm(i, index, index-i, rate) {
			found = i
		}
	}
	return found
}

// mayAlarm reports whether so many probes in a window are rare enough for an alarm.
func (u *unit) mayAlarm(first, last, after int, rate float64) bool {
	begin := &u.recent[first]
	return begin.up+1 >= minProbes && expected(rate, begin.up, begin.at, u.recent[last].at) <= rare[after]
}
