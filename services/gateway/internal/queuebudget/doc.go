// Package queuebudget counts what waits for clients and bounds it for many of them together: for all clients of a server (Stats), and for some of them, such as
// those of an address (Budget). A queue counts what it has in its Account, which says how much it may have now.
//
//   - account.go: what one queue has.
//   - stats.go: what all have, and the share of each.
//   - metrics.go: the metrics of that.
package queuebudget
