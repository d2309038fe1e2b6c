package cost

import (
	"atlasstream/pkg/clientip"
)

// networkCost is what the clients of a network cost for each record of a measurement.
type networkCost struct {
	network       clientip.Network
	subscriptions int
	steps         Steps
	shared        map[shared]int // how many need each of what is done once for all of them
	writes        writes
}

// shared is what is done once for each record, however many clients of a network need it.
type shared interface{ steps() Steps }

// add adds what a subscription costs by itself, or takes it away for -1.
func (n *networkCost) add(of *Subscription, once int) {
	n.subscriptions += once
	n.steps = n.steps.Plus(OfConditions(of.Wanted).Times(once))
	for _, scan := range scansOf(of.Wanted) {
		n.share([]shared{scan}, once)
	}
}

// addWrites adds a client that gets a selection of the records, or takes it away for -1.
func (n *networkCost) addWrites(of selection, once int) {
	before := n.writes.steps()
	n.writes.add(of, once)
	n.steps = n.steps.Plus(n.writes.steps()).Plus(before.Times(-1))
}

// share adds one who needs each of what is done once, or takes it away for -1.
func (n *networkCost) share(needed []shared, once int) {
	for _, each := range needed {
		before := n.shared[each]
		n.shared[each] = before + once
		switch {
		case before == 0 && once > 0:
			n.steps = n.steps.Plus(each.steps())
		case before+once == 0:
			n.steps = n.steps.Plus(each.steps().Times(-1))
			delete(n.shared, each)
		}
	}
}
