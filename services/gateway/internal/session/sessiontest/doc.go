// Package sessiontest has what tests need around a session.Hub: clients, logs that a test controls, and hubs that join them.
//
// From the top down:
//
//   - replayhub.go: a hub with replays, of a fake log with a record for each second.
//   - loghub.go: a hub with a log and a client that reads as the test says; log.go: a Log of partitions with a tail that holds the last few records.
//   - hub.go: a hub whose records the test delivers; subscriptions.go: sessions subscribe and unsubscribe.
//   - queuedclient.go: QueuedClient has a queue that the test empties. client.go: RecordingClient keeps what it gets, DiscardingClient nothing.
//   - records.go: records, and what is in the messages of them. cursors.go: cursors that a test can read.
//   - measurements.go: a catalog of measurements. metrics.go: sums of metrics. partition.go: what a partition has.
package sessiontest
