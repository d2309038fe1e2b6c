// Package playback reads the past of the log for a client: in which order its records come, when each is due, and from where to go on after a stop.
package playback
