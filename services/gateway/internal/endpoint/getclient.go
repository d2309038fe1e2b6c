package endpoint

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/bufferpool"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsconn"
)

const (
	// keepAliveInterval is how long a body may be silent: proxies give up on silent ones.
	keepAliveInterval = 15 * time.Second
	// maxTake bounds what is taken from the queue for one write, so that what waits for a slow client counts as waiting.
	maxTake = 64 << 10
	// maxPiece is what a client must read within the time for a write.
	maxPiece = 16 << 10
)

// getClient is what others see of a client. Its messages wait in a detached queue, and the goroutine of the request writes them.
type getClient struct {
	*sendqueue.Queue
	body     body
	response http.ResponseWriter
	control  *http.ResponseController
	timeout  time.Duration // for a write
	woken    chan struct{} // holds something when there is something to take

	mu   sync.Mutex
	over bool // the request is, or its client is cut off: no deadline may be set any more
}

func newGetClient(w http.ResponseWriter, body body, settings *wsconn.Settings) *getClient {
	client := &getClient{
		body: body, response: w, control: http.NewResponseController(w), timeout: settings.Limits.WriteTimeout, woken: make(chan struct{}, 1),
	}
	client.Queue = sendqueue.NewDetached(settings.Limits, settings.Stats, client.wake)
	return client
}

func (c *getClient) wake() {
	select {
	case c.woken <- struct{}{}:
	default: // it is to wake up already
	}
}

// Encoding implements fanout.Client.
func (c *getClient) Encoding() fanout.Encoding { return c.body }

// Overflow implements fanout.Client.
func (c *getClient) Overflow() { c.Abort(c.Complaint(tooSlow(c.MissingSince()))) }

// Complaint implements fanout.Client.
func (c *getClient) Complaint(refusal *protocol.Error) *sendqueue.Message {
	return fanout.ErrorMessage(c.body, refusal)
}

// BeginCursors implements fanout.Client: each comes with one subscription.
func (c *getClient) BeginCursors() bool { return false }

// Expel implements client.
func (c *getClient) Expel(why *protocol.Error) { c.Abort(c.Complaint(why)) }

func (c *getClient) farewell() { c.Finish(c.Complaint(refuseToServe())) }

// cutOff makes a write fail that waits for the client.
func (c *getClient) cutOff() {
	c.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.over = true
		_ = c.control.SetWriteDeadline(time.Now()) // a connection that has none is gone
	}
}

// leave is called once the client is told nothing any more.
func (c *getClient) leave() {
	c.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
}

// stream writes what there is to tell until that ends or the client is gone, and says which.
func (c *getClient) stream(ctx context.Context) (reason string) {
	setStreamHeader(c.response.Header(), c.body)
	c.wake() // for the confirmation
	quiet := time.NewTimer(keepAliveInterval)
	defer quiet.Stop()
	for more := true; more; quiet.Reset(keepAliveInterval) {
		var err error
		select {
		case <-ctx.Done():
			return "it has gone"
		case <-c.woken:
			more, err = c.writeWaiting()
		case <-quiet.C:
			err = c.write(c.body.keepAlive())
		}
		if err != nil {
			return err.Error()
		}
	}
	return "all is told"
}

func setStreamHeader(header http.Header, body body) {
	header.Set("Content-Type", body.contentType())
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
}

// bodies are the memory of writes.
var bodies = bufferpool.Pool{MaxBytes: 2 * maxTake}

// writeWaiting writes all that waits. It returns false when nothing more can come.
func (c *getClient) writeWaiting() (more bool, err error) {
	text := bodies.Get()
	defer bodies.Put(text)
	for {
		messages, more := c.Take(maxTake)
		text.Reset()
		for _, message := range messages {
			text.Write(message.Payload())
			more = more && !c.body.isLast(message.Payload())
		}
		if err := c.write(text.Bytes()); err != nil || !more {
			return false, err
		}
		if len(messages) == 0 {
			return true, nil
		}
	}
}

// write writes piece by piece, so that a client that reads slowly has the time for a piece and not for all.
func (c *getClient) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	for len(text) > 0 {
		if err := c.allowTime(); err != nil {
			return err
		}
		n, err := c.response.Write(text[:min(len(text), maxPiece)])
		if err != nil {
			return err
		}
		text = text[n:]
	}
	return c.control.Flush()
}

func (c *getClient) allowTime() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return net.ErrClosed
	}
	return c.control.SetWriteDeadline(time.Now().Add(c.timeout))
}
