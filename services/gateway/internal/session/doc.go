// Package session is one client with its subscriptions, and the hub that joins clients with the streams of the log: Subscribe picks live delivery, catching up
// or a replay.
//
//   - session.go: a client subscribes and unsubscribes.
//   - resumption.go: a client has its subscriptions again that it had.
//   - group.go: a list of measurements and probes is one subscription.
//   - hub.go: the hub, its settings and its clients; metrics.go: what it counts.
//   - replays.go: replays begin and end.
//   - stream.go: a stream of the log and its live partitions.
//   - start.go: where a subscription begins.
//   - log.go: what is asked of the log.
//   - owner.go: what deliveries tell of subscriptions; duration.go: a subscription ends by itself.
//   - cursor.go: cursors are sealed and opened.
//   - set.go: the subscriptions of a client.
//
// docs/architecture.md has the order in which locks are taken.
package session
