// Package outage finds outages of networks in the connections between probes and their controllers, and tells them from trouble of the platform itself. It
// is driven by the times of events alone and has neither a clock nor input or output: whoever gives it the same events in the order of the log, and the same
// registry, gets the same outages.
//
// A Detector watches units (a country, an ASN, a cell of the map, a controller, the world) for more disconnects than their own rates explain, and says
// which units explain a burst best. Days runs one Detector for each day, so that the outages of a day do not depend on when somebody began to read.
package outage
