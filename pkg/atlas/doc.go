// Package atlas is the domain of RIPE Atlas as the services see it: measurements, probes, results, and where they stand in the log. It is pure: it
// neither reads nor writes anything, and tells no time.
package atlas
