package fanout

import (
	"fmt"
	"maps"
	"net/netip"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/clientip"
	"atlasstream/services/gateway/internal/subscription"
)

// costs are what clients cost for each record of a measurement. They are guarded by the partition's lock.
type costs struct {
	length   length
	networks map[netip.Prefix]*networkCost
	clients  map[*Subscriber]*clientCost
	limit    int // steps that an address may cost
}

// maxCosts is of how many measurements a partition remembers how long records are when nobody asks for them any more: who comes back shall not be charged for
// usual ones.
const maxCosts = 1024

// costsOf gives those of a measurement, of whose records the length is noted from then on.
func (p *partition) costsOf(measurement atlas.MeasurementID) *costs {
	if known := p.costs[measurement]; known != nil {
		return known
	}
	if len(p.costs) >= max(maxCosts, p.mostCosts) {
		maps.DeleteFunc(p.costs, func(_ atlas.MeasurementID, c *costs) bool { return len(c.clients) == 0 })
		p.mostCosts = 2 * len(p.costs) // not to look through all of them for each new one
	}
	p.costs[measurement] = &costs{
		length: newLength(), networks: make(map[netip.Prefix]*networkCost), clients: make(map[*Subscriber]*clientCost), limit: p.hub.settings.Limits.Steps,
	}
	return p.costs[measurement]
}

// chargedMeasurement is that for whose records a subscription is asked: metadata of one measurement are looked for among those of all.
func chargedMeasurement(wanted *subscription.Subscription) atlas.MeasurementID {
	if wanted.Stream == atlas.StreamMetadata {
		return 0
	}
	return wanted.Measurement
}

// charge charges a client's networks for a membership that is about to begin, or refuses it with ErrTooMany.
func (p *partition) charge(joining *membership) error {
	if p.isPast || p.hub.settings.Limits.Steps == 0 { // a replay holds up nobody else
		return nil
	}
	p.charged++
	joining.costs, joining.arrival = p.costsOf(chargedMeasurement(joining.wanted)), p.charged
	joining.costs.add(joining, 1)
	excess := joining.costs.excessOf(joining.subscriber)
	if excess == "" {
		return nil
	}
	refund(joining)
	p.hub.metrics.overloads.Inc()
	return fmt.Errorf("%w to measurement %d: %s", ErrTooMany, joining.wanted.Measurement, excess)
}

// refund gives back what a membership that has left its tracker was charged for.
func refund(leaving *membership) {
	if leaving.costs != nil {
		leaving.costs.add(leaving, -1)
		leaving.costs = nil
	}
}

// excessOf tells which of a client's networks costs more than it may, and how much; it is empty where none does. A single membership is never too much.
func (c *costs) excessOf(client *Subscriber) string {
	for _, network := range client.networks {
		if cost := c.networks[network.Prefix]; cost != nil && c.isExcessive(cost) {
			bytes := c.length.charged
			return fmt.Sprintf("those from %s would take %d steps for each of its records, which have %d bytes, and no more than %d are allowed; "+
				"clients, conditions, alternatives, different acceptedFields, arrays and cursors take the most",
				network.Describe(), cost.steps.Of(bytes), bytes, c.limitOf(cost))
		}
	}
	return ""
}

func (c *costs) isExcessive(cost *networkCost) bool {
	return cost.memberships > 1 && cost.steps.Of(c.length.charged) > c.limitOf(cost)
}

func (c *costs) limitOf(cost *networkCost) int { return c.limit * cost.network.Factor }

// isExceeded tells whether any network costs more than it may.
func (c *costs) isExceeded() bool {
	for _, cost := range c.networks {
		if c.isExcessive(cost) {
			return true
		}
	}
	return false
}

// add adds what a membership costs, or takes it away for -1.
func (c *costs) add(of *membership, once int) {
	client := of.subscriber
	c.change(client, func(cost *clientCost) { cost.add(of, once) })
	selection := selectionOf(of.wanted)
	changed := c.clients[client].addSelection(selection, once)
	for _, network := range client.networks {
		c.networks[network.Prefix].add(of, once)
		if changed {
			c.networks[network.Prefix].addWrites(selection, once)
		}
		if c.networks[network.Prefix].memberships == 0 {
			delete(c.networks, network.Prefix)
		}
	}
	if c.clients[client].memberships == 0 {
		delete(c.clients, client)
	}
}

// change has the costs of a client's networks follow a change of its own.
func (c *costs) change(client *Subscriber, change func(*clientCost)) {
	cost := c.clients[client]
	if cost == nil {
		cost = &clientCost{}
		c.clients[client] = cost
	}
	steps, payloads := cost.steps(), cost.payloads(client)
	change(cost)
	for _, network := range client.networks {
		changed := c.network(network)
		changed.steps = changed.steps.Plus(cost.steps()).Plus(steps.Times(-1))
		changed.share(cost.payloads(client), 1)
		changed.share(payloads, -1)
	}
}

func (c *costs) network(of clientip.Network) *networkCost {
	if c.networks[of.Prefix] == nil {
		c.networks[of.Prefix] = &networkCost{network: of, shared: make(map[shared]int)}
	}
	return c.networks[of.Prefix]
}
