package endpoint

import (
	"sync/atomic"

	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// connection is a connected client, from its first request on. It keeps nothing else of the request, which may be long.
type connection struct {
	info       clientInfo
	credential credential // of the request
	allowance  *ratelimit.Allowance
	session    atomic.Pointer[clientSession] // nil while there is no session
}

// admits reports whether to read a message of size bytes. For messages beyond the limit the client is sent an error now and then, and disconnected if it goes
// on; without a session it is disconnected at once.
func (c *connection) admits(size int) bool { return c.Message(size) == nil }

// Message implements engineio.Admission.
func (c *connection) Message(size int) error {
	verdict := c.allowance.Message(size)
	if verdict == ratelimit.Pass {
		return nil
	}
	session := c.session.Load()
	if session == nil {
		return errTooManyMessages()
	}
	switch verdict {
	case ratelimit.Warn:
		session.respond(errTooManyMessages())
	case ratelimit.Disconnect:
		session.client.Disconnect(errTooManyMessages())
	}
	return engineio.ErrTooMany
}

// usage is what the client's subscriptions use of its address's limits.
func (c *connection) usage() (used ratelimit.Usage) {
	if client := c.session.Load(); client != nil {
		used.Subscriptions, used.Bytes = client.session.Usage()
	}
	return used
}

// Release is called once, when the client has disconnected.
func (c *connection) Release() { c.allowance.Close() }
