// Package delivery delivers records to clients: a Target is what one client gets from one source, be that a partition of a live topic, the log that a
// client catches up with, or a replay. A Deliverer finds the targets that want a record and enqueues it for each, encoded once for all that get the same bytes.
// Messages are enqueued under the lock of the source; they are written afterwards, without it, together with all else that waits for the same client.
//
//   - deliver.go: a record goes to targets.
//   - target.go: a target and its subscriptions.
//   - active.go: a subscription from its beginning to its end.
//   - source.go: where records come from.
//   - recipient.go: a client as deliveries see it.
//   - client.go: what an endpoint does for a client.
package delivery
