// Package sendqueue queues and writes the messages of one client. A queue is bounded in bytes and messages. Messages are encoded once for all
// clients; all queued messages are written in one write. The package knows neither the messages' content nor its protocol.
//
//   - closing.go: a queue ends, with or without what it has.
//   - unconnected.go: messages are taken, for a client without a connection.
//   - write.go: messages are written.
//   - queue.go: messages are queued if there is room.
package sendqueue
