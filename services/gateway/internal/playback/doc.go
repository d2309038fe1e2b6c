// Package playback reads the past of the log for a client: in which order its records come, when each is due, and from where to go on after a stop. A Replay
// plays an interval in the order of time and at a pace; CatchUp delivers what the log has in its own order, as fast as the client takes it.
package playback
