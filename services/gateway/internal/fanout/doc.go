// Package fanout delivers records to the subscribers whose subscriptions they match. A message is encoded once for all that get the same, and
// enqueued under the partition's lock; it is written afterwards, without the lock, together with all else that waits for the same client.
//
// Locks are taken in this order: the feed's of a partition, a partition's, then that of a buffer, of a subscriber or of the registry, and last the
// client's own.
package fanout
