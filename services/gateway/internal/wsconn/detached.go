package wsconn

import (
	"time"

	"atlasstream/services/gateway/internal/sendqueue"
)

// Attach makes a connection from UpgradeFor that of its queue: what waits in the queue is written to it, and whatever comes later.
func (c *Conn) Attach() { c.Queue.Attach(c.side.Conn) }

// WriteDirectly writes a message past the queue and waits until it is written. It is for connections that are not attached yet, and for one goroutine.
func (c *Conn) WriteDirectly(message *sendqueue.Message, timeout time.Duration) error {
	if err := c.side.Conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if _, err := c.side.Conn.Write(message.Frame()); err != nil {
		return err
	}
	return c.side.Conn.SetWriteDeadline(time.Time{})
}

// CutOff closes the connection and leaves the queue alone.
func (c *Conn) CutOff() { _ = c.side.Close() } // nothing is to be done about a connection that fails to close
