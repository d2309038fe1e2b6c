// Package embedded is a Kafka broker inside the process: kfake, which speaks Kafka's protocol on a real socket, kept in memory or on disk. It is for
// one machine: trying the services out, the standalone program, and tests that need faults on demand.
//
// What it holds to: on disk, a record is acknowledged after it has been written and synced, so a killed process loses none; an orderly restart loses
// none either. Topics are never made by asking for them, whatever a client wishes, so a misspelt name is an error (Apache Kafka's own default is to make
// them); a topic made without a number of partitions gets one, as in Apache Kafka.
//
// What it does not do, of what Apache Kafka does (kfake's limits):
//   - it replicates nothing: several nodes share one log, and a removed node costs no record
//   - it checks no timestamps (message.timestamp.after.max.ms) and throttles nobody
//   - on disk it does not compact by itself: kfake's compaction loses records if it is killed meanwhile. A compacted topic grows there with every put, and
//     readers find the last version of a key behind the earlier ones, as in any segment that is not compacted yet
//   - once retention has emptied a partition and the broker restarts, that partition's end offset falls back to 0, so keep what you count on
//   - after a kill, records that retention or DeleteRecords had removed may reappear, as their segment file still holds them
//   - it bounds neither connections nor what a well-framed request may cost, so its port is for this machine, not for the world
//   - one goroutine serves every request, and starting reads the whole log
//   - a failed sync (not a failed write) goes unnoticed, and new files' directory entries are not synced, so a power cut may cost what a kill does not
package embedded
