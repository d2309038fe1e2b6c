// Package topicrange finds where the log has the records of a measurement in an interval of event time: which topics, which partition of each, and from which
// offset to which. Those of a live topic come in by time, but for some lateness; an archive has any order.
//
//   - range.go: Finder, which locates partitions.
//   - cover.go: they are narrowed to an interval, with the results that came late or without.
//   - scan.go: scanning the log, at an account's cost.
//   - interval.go, log.go: what those go by.
package topicrange
