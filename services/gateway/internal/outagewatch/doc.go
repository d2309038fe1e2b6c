// Package outagewatch reads connection events of the log and has package outage find the outages in them: the current ones live, past ones on demand.
package outagewatch
