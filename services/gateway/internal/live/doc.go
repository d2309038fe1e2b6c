// Package live delivers what comes live: a Partition has an index of the targets that want its records. It knows nothing of the past. A target that cannot
// take a record, or whose subscription starts earlier, is detached: a Reader delivers to it until it is attached again.
//
//   - partition.go: a partition and its targets.
//   - locked.go: what else is done with targets, under the partition's lock.
//   - deliver.go: records are enqueued and written.
//   - begin.go: subscriptions begin.
//   - attach.go: targets are detached, and attached again.
//   - end.go: subscriptions end.
//   - settings.go: what partitions go by, and what they ask of a Reader.
package live
