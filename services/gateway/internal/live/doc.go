// Package live delivers what comes live: a Partition has an index of the targets that want its records. It knows nothing of the past. A target that cannot
// take a record, or whose subscription starts earlier, is detached: a Reader delivers to it until it is attached again.
//
//   - deliver.go: records are enqueued and written; targets that cannot take one are detached, and attached again.
//   - overload.go: subscriptions end that cost too much.
//   - gap.go: clients are told what the log has lost.
//   - cursors.go: idle clients are told where they are.
//   - partition.go: subscriptions begin and end.
//   - position.go: the last record that was delivered, and what is before an offset.
//   - await.go: clients are waited for that could not have a record later.
//   - settings.go: what partitions go by, and what they ask of a Reader.
package live
