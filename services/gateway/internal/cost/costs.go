package cost

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/clientip"
	"atlasstream/services/gateway/internal/subscription"
)

// Client is a client whose networks pay for what its subscriptions cost. Clients are compared as pointers.
type Client struct {
	Networks []clientip.Network
	Encoding any // comparable: clients with the same one share what is encoded
}

// Subscription is what costs something.
type Subscription struct {
	Client       *Client
	Wanted       *subscription.Subscription
	HasOwnCursor bool // its records come with a cursor that is its client's alone
	CursorSteps  int  // what that costs once the subscription has begun, or has ended
}

// Table is what the subscriptions to a partition cost for each record, by measurement. It is guarded by the partition's lock.
type Table struct {
	limit    int // steps that an address may cost for each record of a measurement; 0 for any number
	charged  uint64
	costs    map[atlas.MeasurementID]*Measurement
	maxCosts int // from how many on measurements without clients are looked for
}

// NewTable makes a table. Limit is how many steps an address may cost for each record of a measurement; 0 for any number.
func NewTable(limit int) *Table {
	return &Table{limit: limit, costs: make(map[atlas.MeasurementID]*Measurement)}
}

// Measurement is what clients cost for each record of a measurement.
type Measurement struct {
	length   length
	networks map[netip.Prefix]*networkCost
	clients  map[*Client]*clientCost
	limit    int
}

// minRemembered is of how many measurements a table remembers how long records are when nobody asks for them any more: a client that reconnects shall not be
// charged for usual ones.
const minRemembered = 1024

// of gives a measurement, of whose records the length is noted from then on.
func (t *Table) of(measurement atlas.MeasurementID) *Measurement {
	if known := t.costs[measurement]; known != nil {
		return known
	}
	if len(t.costs) >= max(minRemembered, t.maxCosts) {
		maps.DeleteFunc(t.costs, func(_ atlas.MeasurementID, m *Measurement) bool { return len(m.clients) == 0 })
		t.maxCosts = 2 * len(t.costs) // not to look through all of them for each new one
	}
	t.costs[measurement] = &Measurement{
		length: newLength(), networks: make(map[netip.Prefix]*networkCost), clients: make(map[*Client]*clientCost), limit: t.limit,
	}
	return t.costs[measurement]
}

// Charge is what a subscription was charged; the zero value for nothing.
type Charge struct {
	costs   *Measurement
	arrival uint64 // in the order of being charged
}

// IsOf tells whether the charge is for records of a measurement.
func (c Charge) IsOf(measurement *Measurement) bool { return c.costs != nil && c.costs == measurement }

// Compare orders charges of a table by when they were made.
func (c Charge) Compare(other Charge) int { return cmp.Compare(c.arrival, other.arrival) }

// Measurement is that for whose records was charged; nil for none.
func (c Charge) Measurement() *Measurement { return c.costs }

// Charge charges a client's networks for a subscription that is about to begin, and says why one of them may not pay for it, in which case Refund must follow.
func (t *Table) Charge(joining *Subscription) (charge Charge, excess string) {
	if t.limit == 0 {
		return Charge{}, ""
	}
	t.charged++
	charge = Charge{t.of(chargedMeasurement(joining.Wanted)), t.charged}
	charge.costs.add(joining, 1)
	return charge, charge.costs.ExcessOf(joining.Client)
}

// chargedMeasurement is that for whose records a subscription is matched: metadata of one measurement are looked for among those of all.
func chargedMeasurement(wanted *subscription.Subscription) atlas.MeasurementID {
	if wanted.Stream == atlas.StreamMetadata {
		return 0
	}
	return wanted.Measurement
}

// Refund gives back what a subscription that has ended was charged.
func (c *Charge) Refund(leaving *Subscription) {
	if c.costs != nil {
		c.costs.add(leaving, -1)
		c.costs = nil
	}
}

// ExcessOf tells which of a client's networks costs more than it may, and how much; it is empty if none does. A single subscription is never too much.
func (m *Measurement) ExcessOf(client *Client) string {
	for _, network := range client.Networks {
		if cost := m.networks[network.Prefix]; cost != nil && m.isExcessive(cost) {
			bytes := m.length.charged
			return fmt.Sprintf("those from %s would take %d steps for each of its records, which have %d bytes, and no more than %d are allowed; "+
				"clients, conditions, alternatives, different acceptedFields, arrays and cursors take the most",
				network.Describe(), cost.steps.Of(bytes), bytes, m.limitOf(cost))
		}
	}
	return ""
}

func (m *Measurement) isExcessive(cost *networkCost) bool {
	return cost.subscriptions > 1 && cost.steps.Of(m.length.charged) > m.limitOf(cost)
}

func (m *Measurement) limitOf(cost *networkCost) int { return m.limit * cost.network.Factor }

// ExcessiveClients are those with a network that costs more than it may.
func (m *Measurement) ExcessiveClients() (excessive []*Client) {
	if !m.isExceeded() {
		return nil
	}
	for client := range m.clients {
		if m.ExcessOf(client) != "" {
			excessive = append(excessive, client)
		}
	}
	return excessive
}

func (m *Measurement) isExceeded() bool {
	for _, cost := range m.networks {
		if m.isExcessive(cost) {
			return true
		}
	}
	return false
}

// RecountCursor charges for a client's own cursor as it is now, and tells whether it costs more than before.
func (m *Measurement) RecountCursor(client *Client, steps int) (grown bool) {
	cost := m.clients[client]
	if cost.cursors == 0 || int(cost.cursorSteps) == steps {
		return false
	}
	grown = steps > int(cost.cursorSteps)
	m.change(client, func(cost *clientCost) { cost.cursorSteps = int32(steps) })
	return grown
}

// add adds what a subscription costs, or takes it away for -1.
func (m *Measurement) add(of *Subscription, once int) {
	client := of.Client
	m.change(client, func(cost *clientCost) { cost.add(of, int32(once)) })
	selection := selectionOf(of.Wanted)
	changed := m.clients[client].addSelection(selection, int32(once))
	for _, network := range client.Networks {
		m.networks[network.Prefix].add(of, once)
		if changed {
			m.networks[network.Prefix].addWrites(selection, once)
		}
		if m.networks[network.Prefix].subscriptions == 0 {
			delete(m.networks, network.Prefix)
		}
	}
	if m.clients[client].subscriptions == 0 {
		delete(m.clients, client)
	}
}

// change has the costs of a client's networks follow a change of its own.
func (m *Measurement) change(client *Client, change func(*clientCost)) {
	cost := m.clients[client]
	if cost == nil {
		cost = &clientCost{}
		m.clients[client] = cost
	}
	steps, payloads := cost.steps(), cost.payloads(client)
	change(cost)
	for _, network := range client.Networks {
		changed := m.network(network)
		changed.steps = changed.steps.Plus(cost.steps()).Plus(steps.Times(-1))
		changed.share(cost.payloads(client), 1)
		changed.share(payloads, -1)
	}
}

func (m *Measurement) network(of clientip.Network) *networkCost {
	if m.networks[of.Prefix] == nil {
		m.networks[of.Prefix] = &networkCost{network: of, shared: make(map[shared]int)}
	}
	return m.networks[of.Prefix]
}

// Charged is what a network is charged for each record of a measurement.
type Charged struct {
	Steps  Steps // with Writes
	Writes Steps
	Bytes  int // that a record is taken to have
}

// Total is the charge for a record, in steps.
func (c Charged) Total() int { return c.Steps.Of(c.Bytes) }

// Charged tells what networks are charged, by measurement.
func (t *Table) Charged() map[atlas.MeasurementID]map[netip.Prefix]Charged {
	all := make(map[atlas.MeasurementID]map[netip.Prefix]Charged, len(t.costs))
	for measurement, costs := range t.costs {
		all[measurement] = make(map[netip.Prefix]Charged, len(costs.networks))
		for prefix, cost := range costs.networks {
			all[measurement][prefix] = Charged{cost.steps, cost.writes.steps(), costs.length.charged}
		}
	}
	return all
}
