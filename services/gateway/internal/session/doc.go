// Package session is one client with its subscriptions, and the hub that joins clients with the streams of the log: Subscribe picks live delivery, catching up
// or a replay.
//
// Locks are taken in this order: the tail's of a partition, the live partition's, a target's, then that of a client's quotas or of a group, of a batch, of a
// resume.Tracker, of a set of subscriptions or of the catalog, and last the queue's. docs/architecture.md says what each guards.
package session
