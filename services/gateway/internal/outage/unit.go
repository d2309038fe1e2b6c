package outage

import "slices"

// unitKind says what probes of a unit have in common. A burst that two units explain alike is the earlier kind's.
type unitKind uint8

const (
	world unitKind = iota
	controller
	country
	network
	cell
	unitKinds
)

// String gives the kind's name as answers have it.
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
	members int              // probes that count to it, connected or not
	up      int              // of them, those that are connected
	rate    *hourly          // nil as long as it has never had as many probes as an alarm needs
	recent  []unitDisconnect // of the last half hour, in the order of time, but for those that are explained
	alarm   *burst           // nil unless there are too many
	joined  bool             // the alarm is part of the episode
}

// unitDisconnect is a disconnect as its unit saw it.
type unitDisconnect struct {
	at instant // the disconnect's, here as it is looked at most
	up int     // probes of the unit that were connected after it
	*disconnect
}

// disconnect is the end of a probe's connection.
type disconnect struct {
	at      instant
	offset  int64
	probe   *probeState
	units   [unitKinds]*unit
	back    instant         // when the probe was connected again; 0 until then
	outage  *outage         // which explains it; nil if none does
	claimed bool            // used while an explanation is looked for
	counted [unitKinds]bool // to the rates of which of the units
}

// isOf tells whether the probe counted to a unit.
func (d *disconnect) isOf(key unitKey) bool {
	u := d.units[key.kind]
	return u != nil && u.unitKey == key
}

// addMember has another probe count to the unit. There are many units with a few probes each, for which nothing is counted, as they cannot have an alarm.
func (u *unit) addMember(at instant) {
	u.members++
	if u.rate == nil && u.members >= minProbes {
		u.rate = newHourly(at)
	}
}

// change is a change of how many of the unit's probes are connected.
func (u *unit) change(at instant, by int) {
	u.rate.advance(at, u.up)
	u.up += by
}

// insert puts a disconnect, after which so many probes were connected, to its place in the order of time, and gives that place.
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

// forget forgets all disconnects that are too old to matter, and leaves no memory to them.
func (u *unit) forget(before instant) {
	first := 0
	for first < len(u.recent) && u.recent[first].at < before {
		first++
	}
	if first > 0 || cap(u.recent) > 2*len(u.recent) {
		u.recent = append([]unitDisconnect(nil), u.recent[first:]...)
	}
}

// dropExplained takes the explained ones away.
func (u *unit) dropExplained() {
	u.recent = slices.DeleteFunc(u.recent, func(e unitDisconnect) bool { return e.outage != nil })
}
