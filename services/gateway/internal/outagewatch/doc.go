// Package outagewatch reads connection events of the log and has package outage find the outages in them: of now, which it follows, and of the past, on demand.
package outagewatch
