// Package delivery delivers records to clients: a Target is what one client gets from one source, be that a partition of a live topic, the log that a
// client catches up with, or a replay. An Encoder encodes a record once for all that get the same bytes. Messages are enqueued under the lock of the source;
// they are written afterwards, without it, together with all else that waits for the same client.
//
//   - deliver.go: a record goes to targets.
//   - limit.go: records are counted for subscriptions that end after so many.
//   - encoder.go: a record is encoded.
//   - target.go: a target and its subscriptions.
//   - active.go: a subscription from its beginning to its end.
//   - confirm.go: what its client is told of it.
//   - group.go: a subscription to several measurements or probes, whose parts are told of together.
//   - batch.go: records wait to be sent as one array.
//   - recipient.go: a client as deliveries see it.
//   - place.go: where records come from, and where a client is.
//   - client.go: what an endpoint does for a client.
package delivery
