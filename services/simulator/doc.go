// Package simulator simulates a plausible RIPE Atlas network: probes in real cities behind real providers, the built-in measurements of the DNS root servers,
// the connections of the probes, and faults. Every event follows from the seed and its time alone, so a run that starts later repeats the events of an earlier
// one. The package reads, sends and stores nothing; only Run reads a clock.
//
//   - traceroute.go: traceroute results.
//   - truth.go: what went wrong, to compare with what a reader of the events finds.
//   - ping.go: ping results.
//   - dns.go: DNS results.
//   - generator.go: the events of a network in the order of time.
//   - hard.go: faults close to those of the real network.
//   - easy.go: one outage an hour.
//   - incidents.go: what faults are, and whom they hit.
//   - measurementobjects.go: measurements as RIPE's API has them.
//   - measurements.go: which probe measures when.
//   - pacer.go: publishing events as they are due.
//   - probeobjects.go: probes as RIPE's API has them.
//   - connections.go: connection events.
//   - simulator.go: the settings and the network.
//   - probes.go: the probes.
//   - rootservers.go: the root servers and their sites.
//   - routes.go: from each probe to each root server.
//   - cities.go: where probes and servers are.
//   - dice.go: random numbers that depend on their subject alone.
//   - line.go: writing JSON.
//   - providers.go: networks and their addresses.
package simulator
