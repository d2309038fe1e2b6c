// Package embedded is a Kafka broker inside the process: kfake, which speaks Kafka's protocol on a real socket, kept in memory or on disk. It is for
// one machine: trying the services out, the standalone program, and tests that need faults on demand.
//
// It promises: on disk, a record is acknowledged after it has been written and synced, so a killed process loses none, and neither does an orderly
// restart. Requests for a missing topic never create it, whatever the client asks for, so a misspelt name is an error (by default, Apache Kafka creates
// it); a topic that is created without a number of partitions gets one, as in Apache Kafka.
//
// It does less than Apache Kafka (kfake's limits):
//   - it replicates nothing: several nodes share one log, and the removal of a node loses no record
//   - it neither checks timestamps (message.timestamp.after.max.ms) nor throttles clients
//   - on disk it does not compact by itself: kfake loses records if it is killed while it compacts. A compacted topic grows there with every put, and
//     readers see the earlier versions of a key before the last one, as in any segment that is not compacted yet
//   - once retention has emptied a partition and the broker restarts, the offsets of the partition begin at 0 again
//   - after a kill, records that retention or DeleteRecords had removed may reappear, as their segment file still has them
//   - it limits neither connections nor the cost of a valid request, so its port must not be public
//   - one goroutine serves every request, and a start reads the whole log
//   - a failed sync (not a failed write) goes unnoticed, and new files' directory entries are not synced, so a power failure may lose what a kill does not
//
// # Files
//
// Calls go from a file to those below it.
//
//	topics.go      topics are deleted and enlarged, as by mistake
//	faults.go      faults on demand
//	broker.go      Broker, and what kfake logs
//	config.go      the settings
//	network.go, connection.go   listeners; connections, which end at the first invalid request
//	directory.go   the data directory, which one broker may use
//	inspect.go, partition.go, segment.go, batch.go   what kfake would read only in part is refused
//	retention.go   retention, where kfake must not apply it
package embedded
