package sessiontest

import (
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

// QueuedClient has a bounded queue from which the test takes messages.
type QueuedClient struct {
	*sendqueue.Queue
	Woken          chan struct{} // has an element when there may be messages
	SessionCursors bool          // its cursors are those of all its subscriptions
}

// NewQueuedClient makes a client whose queue has room for 20 messages.
func NewQueuedClient() *QueuedClient {
	c := &QueuedClient{Woken: make(chan struct{}, 1)}
	c.SetLimits(sendqueue.Limits{Bytes: 1 << 20, Messages: 20})
	return c
}

// SetLimits replaces the queue, which must be empty.
func (c *QueuedClient) SetLimits(limits sendqueue.Limits) {
	c.Queue = sendqueue.NewUnconnected(&limits, &queuebudget.Stats{}, c.Wake)
}

// Wake says that there may be messages.
func (c *QueuedClient) Wake() {
	select {
	case c.Woken <- struct{}{}:
	default:
	}
}

// Encoding implements delivery.Client.
func (c *QueuedClient) Encoding() encode.Encoding { return TextEncoding{} }

// BeginCursors implements delivery.Client.
func (c *QueuedClient) BeginCursors() bool { return c.SessionCursors }

// Overflow implements delivery.Client.
func (c *QueuedClient) Overflow() { c.Abort() }

// Complaint implements delivery.Client.
func (c *QueuedClient) Complaint(refusal *protocol.Error) *wsframe.Message {
	return encode.ErrorMessage(TextEncoding{}, refusal)
}
