// Package catalog is what a gateway knows of probes and measurements: the objects that the log has of them, and which probes are connected. The objects
// of a registry come in the log's order, from its beginning on; the last one of an ID counts, and an empty one deletes it.
package catalog
