// Package catchup delivers what a client has missed, out of what the tail still holds or the log, until the client's target is attached to what comes live
// again.
//
// The seam is an offset, and it is chosen under the tail's lock: everything before it has been read, and what comes from it on is delivered live
// (live.Locked.Attach).
//
//   - reader.go: how a target gets its reader, the reader's loop, and what it does when it cannot go on.
//   - pass.go: one reading: out of the tail, or of the log for a slice.
//   - readlog.go: the log is read.
//   - behind.go: who is too far behind misses what is between.
//   - changes.go: subscriptions come and go meanwhile, or the log begins again.
//   - progress.go: the offset before which all has been delivered goes on.
//   - backlog.go: where the backlog of a subscription ends, its client is told.
//   - actions.go: what happens to subscriptions at an offset: they begin, their backlog ends, they stop.
//   - hub.go: what readers share, and the log as they see it.
package catchup
