// Package fanout delivers records to the subscribers whose subscriptions they match. A message is encoded once for all that get the same, and
// enqueued under the partition's lock; it is written afterwards, without the lock, together with all else that waits for the same client.
//
// A member of a partition gets what the feed brings, or is behind: then it reads what the feed still holds, or the log, until it stands where the feed
// does. The seam is an offset, and it is chosen under the feed's lock: below it the member has read, from it on the feed delivers.
//
// Locks are taken in this order: the feed's of a partition, a partition's, then that of a buffer, of a tracker, of a subscriber or of the registry, and
// last the client's own.
package fanout
