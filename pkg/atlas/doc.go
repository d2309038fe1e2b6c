// Package atlas is the domain of RIPE Atlas: measurements, probes, results and connection events, and their positions in the log. It is pure: it has no I/O and
// no clock.
//
// Each file calls only those below it, and record.go:
//
//   - record.go: streams, IDs, positions, events and records
//   - measurement.go, probe.go: the objects of measurements and probes
//   - object.go: objects of the registries, and how their members are read
//   - parse.go, required.go: results and connection events, from JSON
//   - members.go: the members of a JSON object
//   - depth.go: the limit on nesting
//   - scan.go, scanstates.go: a fast check of JSON
package atlas
