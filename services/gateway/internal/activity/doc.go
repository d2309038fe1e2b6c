// Package activity counts connections and disconnections of probes over the last 24 hours, from their events, which it keeps in memory.
package activity
