package endpoint

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"atlasstream/pkg/bufferpool"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsconn"
	"atlasstream/services/gateway/internal/wsframe"
)

const (
	// keepAliveInterval is how long a body may be silent: proxies close silent ones.
	keepAliveInterval = 15 * time.Second
	// maxTakenBytes bounds what is taken from the queue for one write, so that the messages of a slow client stay in the queue, which counts them.
	maxTakenBytes = 64 << 10
	// reconnectDelay is around when a client reconnects that leaves: another gateway serves it at once.
	reconnectDelay = time.Second
	// maxWriteBytes is how much a client must read within the write timeout.
	maxWriteBytes = 16 << 10
)

// streamClient is a client of HTTPStream. Its messages are in a queue without a connection, and the goroutine of the request writes them.
type streamClient struct {
	*sendqueue.Queue
	format   format
	response http.ResponseWriter
	control  *http.ResponseController
	timeout  time.Duration // of a write
	woken    chan struct{} // has an element when there is something to take from the queue

	mu    sync.Mutex
	ended bool // or cut off: no further deadline may be set
	told  bool // that the gateway shuts down
}

func newStreamClient(w http.ResponseWriter, body format, settings *wsconn.Settings) *streamClient {
	client := &streamClient{
		format: body, response: w, control: http.NewResponseController(w), timeout: settings.Limits.WriteTimeout, woken: make(chan struct{}, 1),
	}
	client.Queue = sendqueue.NewUnconnected(settings.Limits, settings.Stats, client.wake)
	return client
}

func (c *streamClient) wake() {
	select {
	case c.woken <- struct{}{}:
	default: // it is woken already
	}
}

// Encoding implements delivery.Client.
func (c *streamClient) Encoding() encode.Encoding { return c.format }

// Overflow implements delivery.Client.
func (c *streamClient) Overflow() { c.Abort(c.Complaint(errTooSlow(c.MissingSince()))) }

// Complaint implements delivery.Client.
func (c *streamClient) Complaint(refusal *protocol.Error) *wsframe.Message {
	return encode.ErrorMessage(c.format, refusal)
}

// BeginCursors implements delivery.Client: cursors are of one subscription each.
func (c *streamClient) BeginCursors() bool { return false }

// Disconnect implements client.
func (c *streamClient) Disconnect(why *protocol.Error) { c.Abort(c.Complaint(why)) }

// Leave implements client.
func (c *streamClient) Leave(why *protocol.Error) {
	c.Finish(c.format.withRetry(c.Complaint(why), reconnectDelay))
}

func (c *streamClient) notifyShutdown() {
	c.mu.Lock()
	c.told = true
	c.mu.Unlock()
	c.Leave(errShuttingDown())
}

func (c *streamClient) transport() transport {
	if c.format == (sse{}) {
		return transportServerSentEvents
	}
	return transportNDJSON
}

// cutOff makes a blocked write fail.
func (c *streamClient) cutOff() {
	c.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.ended = true
		_ = c.control.SetWriteDeadline(time.Now()) // fails if the connection is closed
	}
}

// end is called when nothing more is written to the client.
func (c *streamClient) end() {
	c.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}

// stream writes messages until the stream ends or the client disconnects, and returns which of these happened.
func (c *streamClient) stream(ctx context.Context) (why departure, said string) {
	setStreamHeader(c.response.Header(), c.format)
	c.wake() // for the confirmation
	quiet := time.NewTimer(keepAliveInterval)
	defer quiet.Stop()
	for more := true; more; quiet.Reset(keepAliveInterval) {
		var err error
		select {
		case <-ctx.Done():
			return departureClient, "the client disconnected"
		case <-c.woken:
			more, err = c.writeQueued()
		case <-quiet.C:
			err = c.write(c.format.keepAlive())
		}
		if err != nil {
			return departureAfter(err), err.Error()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.told {
		return departureShuttingDown, "the stream has ended"
	}
	return departureFinished, "the stream has ended"
}

// departureAfter gives the departure of a client that could not be written to.
func departureAfter(err error) departure {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return departureTooSlow
	}
	return departureClient
}

func setStreamHeader(header http.Header, body format) {
	header.Set("Content-Type", body.contentType())
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
}

// writeBuffers are reused for writes.
var writeBuffers = bufferpool.Pool{MaxBytes: 2 * maxTakenBytes}

// writeQueued writes all queued messages. It returns false after the last one.
func (c *streamClient) writeQueued() (more bool, err error) {
	text := writeBuffers.Get()
	defer writeBuffers.Put(text)
	for {
		messages, more := c.Take(maxTakenBytes)
		text.Reset()
		for _, message := range messages {
			text.Write(message.Payload())
			more = more && !c.format.isLast(message.Payload())
		}
		if err := c.writeCounted(text.Bytes()); err != nil || !more {
			return false, err
		}
		if len(messages) == 0 {
			return true, nil
		}
	}
}

// writeCounted writes what was taken from the queue, which counts it until then.
func (c *streamClient) writeCounted(text []byte) error {
	c.CountSending(len(text))
	defer c.CountSending(-len(text))
	return c.write(text)
}

// write writes in pieces of maxWriteBytes, each with its own timeout, so that a slow client that reads steadily is not cut off.
func (c *streamClient) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	for len(text) > 0 {
		if err := c.extendDeadline(); err != nil {
			return err
		}
		n, err := c.response.Write(text[:min(len(text), maxWriteBytes)])
		if err != nil {
			return err
		}
		text = text[n:]
	}
	return c.control.Flush()
}

func (c *streamClient) extendDeadline() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return net.ErrClosed
	}
	return c.control.SetWriteDeadline(time.Now().Add(c.timeout))
}
