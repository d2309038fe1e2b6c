package outage

import "slices"

// unitKind says what the probes of a unit have in common. If two units explain a burst equally well, the earlier kind counts.
type unitKind uint8

const (
	world unitKind = iota
	controller
	country
	network
	cell
	unitKinds
)

// String returns the kind's name in reports.
func (k unitKind) String() string {
	return [unitKinds]string{"world", "controller", "country", "asn", "cell"}[k]
}

// unitKey names a unit.
type unitKey struct {
	kind unitKind
	name string
}

// unit is a set of probes that may fail together.
type unit struct {
	unitKey
	cell    Cell             // of a cell
	members int              // its probes, connected or not
	up      int              // of them, those that are connected
	rate    *hourly          // nil until it has as many probes as an alarm needs
	recent  []unitDisconnect // unexplained ones of the last half hour, in the order of time
	alarm   *burst           // nil without one
	joined  bool             // the alarm is part of the episode
}

// unitDisconnect is a disconnect in the list of its unit.
type unitDisconnect struct {
	at instant // the disconnect's, copied for speed
	up int     // probes of the unit that were connected after it
	*disconnect
}

// disconnect is the end of a probe's connection.
type disconnect struct {
	at      instant
	offset  int64
	probe   *probeState
	units   [unitKinds]*unit
	back    instant         // when the probe reconnected; 0 until then
	outage  *outage         // that explains it, or nil
	claimed bool            // used while an explanation is looked for
	counted [unitKinds]bool // in the rate of each unit
}

// isOf reports whether the probe was of a unit.
func (d *disconnect) isOf(key unitKey) bool {
	u := d.units[key.kind]
	return u != nil && u.unitKey == key
}

// addMember adds a probe to the unit. Many units have too few probes for an alarm; nothing is counted for them.
func (u *unit) addMember(at instant) {
	u.members++
	if u.rate == nil && u.members >= minProbes {
		u.rate = newHourly(at)
	}
}

// change changes how many of the unit's probes are connected.
func (u *unit) change(at instant, by int) {
	u.rate.advance(at, u.up)
	u.up += by
}

// insert inserts a disconnect, after which up probes were connected, in the order of time, and returns its index.
func (u *unit) insert(d *disconnect, up int) (index int) {
	index = len(u.recent)
	for index > 0 && u.recent[index-1].at > d.at {
		index--
	}
	u.recent = slices.Insert(u.recent, index, unitDisconnect{d.at, up, d})
	return index
}

// trim forgets disconnects that are too old to matter, many at a time.
func (u *unit) trim(before instant) {
	const few = 32
	if half := len(u.recent) / 2; half > few && u.recent[half].at < before {
		u.recent = slices.Delete(u.recent, 0, half)
	}
}

// forget forgets all disconnects that are too old to matter, and frees their memory.
func (u *unit) forget(before instant) {
	first := 0
	for first < len(u.recent) && u.recent[first].at < before {
		first++
	}
	if first > 0 || cap(u.recent) > 2*len(u.recent) {
		u.recent = append([]unitDisconnect(nil), u.recent[first:]...)
	}
}

// dropExplained removes explained disconnects.
func (u *unit) dropExplained() {
	u.recent = slices.DeleteFunc(u.recent, func(e unitDisconnect) bool { return e.outage != nil })
}
