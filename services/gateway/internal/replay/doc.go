// Package replay replays the past of a measurement to one client, in the order of event time and at a pace.
//
// A Planner finds what the log has (topicrange, logstart) and whether it may be replayed so fast (speedlimit), and gives a Pacer: this reads the topics, puts
// their records in order, and delivers each when it is due to a Sink, which is a Replay with the client's delivery.Target.
//
//   - resume.go: Planner for a replay that resumes behind a cursor; planner.go: for a new one.
//   - request.go: the interval and the speed that are asked for.
//   - deliver.go: what a Replay delivers, and how it ends.
//   - replay.go: Replay, its subscriptions, and when it is over.
//   - pacer.go: Pacer, and when a record is due.
//   - merged.go: the records of several topics as one sequence.
//   - reordered.go: the records of one topic in the order of event time, as far as its window reaches (reorder).
//   - metrics.go: what replays count.
package replay
