// Package catalog is what a gateway knows of probes and measurements: the objects in the log, and which probes are connected. The objects of a topic are
// applied in the log's order, from its beginning; the last one of an ID counts, and an empty one deletes it.
//
// Its files, each of which calls only those below it:
//
//	catalog.go      Catalog: what is applied to it, and whether it has caught up
//	probes.go       the list of probes
//	search.go       searching measurements
//	enrich.go       a record's value with its probe as a member
//	connections.go  the newest connection event of each probe
//	table.go        the objects of one topic by ID, and their number's limit
//	memorylimit.go  the limit of their memory
//	probe.go        a probe of the log, parsed and encoded again
//	measurement.go  a measurement of the log, parsed, with its text for searches
//	progress.go     how far a topic is applied
//	metrics.go      metrics
package catalog
