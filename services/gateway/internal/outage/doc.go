// Package outage finds outages of networks in the connections between probes and their controllers, and tells them from trouble of the platform itself. Only
// the times of events drive it: it has no clock, no input and no output. The same events in the order of the log and the same registry give the same outages.
//
// A Detector watches units (a country, an ASN, a cell of the map, a controller, the world) for more disconnects than their own rates explain, and says
// which units explain a burst best. Days runs one Detector for each day, so the outages of a day do not depend on where reading began.
//
//   - days.go: the outages of each day, of which several Detectors run at a time.
//   - detector.go: one event: the state of its probe, the watermark, its units.
//   - watermark.go: the time that events have reached, and when silence is a fault.
//   - alarm.go: when a unit loses more probes than usual.
//   - episode.go: from the first alarm until none grows: what is reported meanwhile, and in the end.
//   - explain.go: which units explain a burst.
//   - probe.go: what a Detector knows of a probe.
//   - registry.go: what the registry has of probes; cells of the map.
//   - report.go: an outage as clients get it.
//   - outage.go: an outage from its first report to its end.
//   - event.go: connection events.
//   - scan.go: the most surprising window of a unit's disconnects.
//   - surprise.go: how unlikely a number of disconnects is.
//   - unit.go: sets of probes that may fail together.
//   - rate.go: how often the probes of a unit disconnect.
package outage
