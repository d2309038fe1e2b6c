// Package eventlog is Kafka, as the services see it: topics, a Writer, Tails that follow what is new, and History. It is the only package that knows
// a Kafka library.
//
// A record's key is its measurement's ID in decimal digits, its value the JSON as the probe delivered it, its time the event time, and its header
// "atlas" the event.v1.Header that spares readers from parsing the value. Records of other producers, which have no such header, are read by their value;
// what is no event is skipped, counted and logged, and so is what has the header and is no JSON object that clients could be sent (atlas.CheckValue).
//
// The registries are other topics: a record's key is the ID of a probe or a measurement, its value the object as RIPE's API gives it, its time that of its
// being put, and it has no header. They are compacted: only the last record of a key counts, and one without a value says that the object was deleted.
//
// # How often a record is in the log, and delivered
//
// kafka-go has no idempotent producer: a batch whose answer is lost is sent again and stands in the log twice. Readers drop repeats (see Dedup), so it
// is delivered once. A batch is only sent again before the next one of its partition, so the order of a measurement's records is kept.
//
// # Transactions
//
// Foreign producers may write in transactions. Readers see what was committed, and every end of the log is the last stable offset: that of the first record of
// the oldest transaction that is open.
//
// # What cannot be read
//
// A batch that is damaged, or that unpacks to more than 64 MiB, would keep all that stands behind it from everybody. It is counted, logged and passed over:
// Tails tell a Gap, readers of History an OffsetGoneError, whose First is the offset behind the batch. Scans and registries go on without it, and so does who
// reads it for repeats only. Of cursor keys, whose first one counts, none is taken that stands behind it: somebody has to mend the topic.
//
// # Brokers
//
// One contract suite runs against the embedded broker, in memory, on disk and of three nodes, and against Apache Kafka, one broker and three. What it
// promises holds on all of them. What differs:
//   - Apache Kafka with three replicas takes records while one broker is down; the embedded nodes share one log, so replication proves nothing there.
//   - A broker of Apache Kafka killed under load leaves repeats in the log, some ten in a hundred thousand records; the embedded one does so when told to
//     by a fault (embedded.Fault) only.
//   - Apache Kafka refuses a record that is stamped over an hour ahead of its clock, which would cost the batch; the embedded broker takes it. The Writer
//     stamps none so.
//   - A topic of Apache Kafka has no leaders for a moment after it was made, and brokers learn of its end one after another; the embedded broker knows
//     all at once. EnsureTopics waits, and Follow, History and Append wait for a topic that is too young.
//   - After retention has emptied a partition and the embedded broker was restarted, the partition's offsets begin at 0 again. Tails tell it as a Gap
//     whose To is below From, as they do for a topic that was deleted and made anew, on either; Apache Kafka's offsets only rise otherwise.
//
// The same on both, though one might doubt it: the offset for a time is that of the first record in the log at or after it, not of the one closest in
// time; a fetch below the first offset is refused; markers of transactions take offsets and are sent again and again to whoever does not step over them.
package eventlog
