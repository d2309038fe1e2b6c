// Package resume has where a client resumes that reconnects with nothing but a cursor: a Tracker tracks where the client is with each of its subscriptions, for
// the cursors that it is sent, and a LiveTopic finds the offset from which a live subscription goes on.
package resume
