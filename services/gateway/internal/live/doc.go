// Package live delivers what comes live: a Partition has an index of the targets that want its records. It knows nothing of the past. A target that cannot
// take a record, or whose subscription starts earlier, is detached: a Reader delivers to it until it is attached again.
//
//   - settings.go: what partitions go by, and what they ask of a Reader.
//   - partition.go: subscriptions begin and end.
//   - deliver.go: records are enqueued and written; targets are detached and attached.
//   - overload.go: subscriptions that cost too much end. gap.go: clients are told what the log has lost.
//   - lag.go: how far behind an offset is. await.go: clients are waited for that could not have a record later.
package live
