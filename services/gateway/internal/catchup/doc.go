// Package catchup delivers what a client has missed, out of what the tail still holds or the log, until the client's target is attached to what comes live
// again.
//
// The seam is an offset, and it is chosen under the tail's lock: everything before it has been read, and what comes from it on is delivered live
// (live.Partition.Attach).
//
//   - hub.go: what readers share, the log as they see it, and how a target gets its reader.
//   - reader.go: the loop of one reader, and what it does when it cannot go on.
//   - pass.go: one reading: out of the tail, if that still holds what is missed.
//   - readlog.go: else out of the log, for a slice.
//   - actions.go: what happens to subscriptions at an offset: they begin, their backlog ends, they stop.
//   - turn.go: whose turn it is to read the log.
//   - metrics.go: how far behind clients are.
package catchup
