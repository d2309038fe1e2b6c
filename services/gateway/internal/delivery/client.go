package delivery

import (
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/wsframe"
)

// Queue is what waits for a client. Its methods are called from several goroutines, and wait neither for the network nor for Session.Leave.
type Queue interface {
	// Enqueue enqueues a message; sendqueue.ErrFull says that the client cannot take it now, sendqueue.ErrClosed that it is gone.
	Enqueue(message *wsframe.Message) error
	// EnqueueControl is Enqueue for what is said beside records, for which there is more room.
	EnqueueControl(message *wsframe.Message) error
	// Flush writes what is enqueued.
	Flush()
	// Writable gives nil while there is room in the queue for those who can wait, else a channel that is closed when there is, or when the client is gone;
	// sendqueue.ErrClosed says that it is. While it gives nil, Enqueue takes a message of any size.
	Writable() (<-chan struct{}, error)
}

// Client is where the messages of a client go. What is said of Queue's methods holds for all.
type Client interface {
	Queue
	// Encoding is how the client's endpoint writes events; it stays the same.
	Encoding() encode.Encoding
	// Complaint makes an atlas_error for the client.
	Complaint(refusal *protocol.Error) *wsframe.Message
	// BeginCursors is called before the first message with a cursor. It tells whether the client comes back with the last cursor by itself, and nothing
	// else, so that each must stand for all its subscriptions.
	BeginCursors() (forAll bool)
	// Overflow tells the client that it could not keep up and closes its connection.
	Overflow()
}
