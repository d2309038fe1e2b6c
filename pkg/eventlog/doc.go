// Package eventlog is Kafka, as the services see it: topics, a Writer, Tails that follow what is new, and History. It is the only package that knows
// a Kafka library.
//
// A record's key is its measurement's ID in decimal digits, its value the JSON as the probe delivered it, its time the event time, and its header
// "atlas" the event.v1.Header that spares readers from parsing the value.
package eventlog
