package fanout

import "atlasstream/services/gateway/internal/outbox"

// Client is where a subscriber's messages go. Its methods are called from several goroutines and never wait for the network.
type Client interface {
	// Encoding is how the client's door writes events.
	Encoding() Encoding
	// Offer enqueues a message; outbox.ErrFull says that the client cannot keep up, outbox.ErrClosed that it is gone.
	Offer(message *outbox.Message) error
	// Flush writes what is enqueued.
	Flush()
	// Overflow tells the client that it could not keep up and closes its connection.
	Overflow()
}

// Encoding writes an event for all clients of a door. Two encodings that are equal write the same bytes.
type Encoding interface {
	// Event makes the message of an event whose payload is JSON.
	Event(name string, payload []byte) *outbox.Message
}
