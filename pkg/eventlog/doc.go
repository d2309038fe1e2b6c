// Package eventlog is Kafka as the services see it: topics, a Writer, Tails that follow new records, and History. It is the only package that imports a Kafka
// library.
//
// # Records
//
// A record of an event has as its key the ID of the measurement in decimal digits, as its value the JSON as the probe delivered it, as its time that of the
// event, and as its header "atlas" the event.v1.Header, which spares readers from parsing the value. Records of other producers, which have no such header,
// are read by their value. A record that is no event, or has a header and a value that clients could not be sent (atlas.CheckValue), is skipped, counted and
// logged.
//
// The registries are other topics: a record has as its key the ID of a probe or a measurement, as its value the object as RIPE's API returns it, and no header.
// They are compacted: only the last record of a key counts, and one without a value says that the object was deleted.
//
// # Promises
//
// Each record is delivered once. kafka-go has no idempotent producer: it sends a batch again if the response is lost, so the log may have it twice. Readers
// drop such repeats (see package repeats). A batch is sent again before the next one of its partition only, so the order of a measurement's records is kept.
//
// Only committed records are read. Foreign producers may write in transactions; every end of the log is the last stable offset, the first record of the
// oldest open transaction.
//
// No topic is taken for the one that was deleted before it. A reader of events compares the last event that it read with what the log has at its offset, after
// each fetch that failed, if the log's end has fallen, and a tail also if it has not fetched for a second: tails report a Gap then, Readers an OffsetGoneError.
//
// Readers that go through the same batches at about the same time share them. Each of them fetches and pays as if it were alone, and shares a batch with those
// that were sent the same bytes, so that none of these promises depends on what others have read.
//
// No unreadable batch blocks a reader. A batch that is damaged, or has more than 64 MiB when decompressed, is counted, logged and skipped: Tails report a Gap,
// Readers an OffsetGoneError, whose First is the offset after the batch. Scans and registries skip it, and so do readers that only look for repeats. But the
// first cursor key counts, so none is read after such a batch: an operator has to repair the topic.
//
// # Brokers
//
// One contract suite runs against the embedded broker, in memory, on disk and of three nodes, and against Apache Kafka, one broker and three. All of them
// keep the promises above. They differ:
//   - Apache Kafka with three replicas takes records while one broker is down; the embedded nodes share one log, so replication proves nothing there.
//   - A broker of Apache Kafka that is killed under load leaves repeats in the log, some ten in a hundred thousand records; the embedded one does so only with
//     an embedded.Fault.
//   - Apache Kafka refuses a record whose time is over an hour ahead of its clock, with its whole batch; the embedded broker takes it. The Writer sends none.
//   - A new topic of Apache Kafka has no leaders for a moment, and brokers learn one after another that a topic was deleted; the embedded broker knows at
//     once. EnsureTopics waits, and Follow, History and Append wait for a topic that is too new.
//   - After retention has emptied a partition and the embedded broker was restarted, the partition's offsets begin at 0 again. Tails report that as a Gap
//     whose To is below From, as for a topic that was deleted and recreated on either; the offsets of Apache Kafka only rise otherwise.
//
// On both, the offset for a time is that of the first record in the log at or after it, not of the one closest in time; a fetch below the first offset is
// refused; markers of transactions take offsets, and a reader that does not skip them is sent them again and again.
//
// # Files
//
// Calls go from a file to those below it.
//
//	log.go                what services open: a connection to Kafka
//	  watch.go, taillayout.go          outages; changes of the number of partitions, which Tails are told of
//	  cursorkey.go                     the key that seals cursors
//	  keep.go, ensure.go, configdrift.go   the creation of topics, and whether their settings are right
//
//	writer.go             appends events and objects
//	  writerconfig.go, writeroutcomes.go   what a Writer holds; the outcome of each record
//	  writertransport.go, writermemory.go, encode.go   retries; what may wait for Kafka; the encoding of records
//
//	tails.go              follows partitions while they have followers
//	  tail.go, tailtransactions.go     a partition that is followed, and open transactions in it
//	  consumer.go                      what it delivers, and to whom
//	  ring.go                          its last records, in memory
//	  tailreader.go                    reads its events, a response at a time
//
//	history.go            the past: offsets, ranges, measurements
//	  reader.go, readahead.go          reads events one by one, and the next response in advance
//	  scan.go                          visits keys and times only
//
//	registry.go           the current objects of a registry
//	  registryreader.go, registryobject.go   reads a compacted partition; a single object
//
//	eventreader.go        reads events for tails and histories alike
//	  filter.go, decode.go             those of some measurements; headers and foreign values
//	  slab.go                          the memory of records
//	recordreader.go       reads records: gaps, retries and unreadable batches
//
//	layout.go             whether a topic has the partitions that its records were written to
//	metadata.go           the partitions of a topic
//	identity.go           whether the log is the one that was read before
//	fetcher.go            fetches the records of a partition, or a single one
//	  committed.go                     only what is committed
//	  fetchrequest.go                  a fetch whose response is decoded batch by batch
//	  sharedbatches.go, sharedbatch.go batches that several readers go through
//	  fetchedbatch.go, fetchedrecord.go, decompress.go, wirefields.go   batches and records as Kafka sends them
//	partition.go          a partition's bounds and offsets
//	keys.go               which measurement or object a key names
//	rights.go             which right is missing where Kafka refuses a request
//
//	topics.go, config.go, errors.go, metrics.go, backoff.go, connections.go, requesttime.go   what all of them use
package eventlog
