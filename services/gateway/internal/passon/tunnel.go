package passon

import (
	"errors"
	"io"
	"sync"
	"time"
)

const (
	// A tunnel that is idle has small buffers, as there may be many; while one is filled, it has a large one.
	bufferToClient = 4 << 10
	bufferToPeer   = 512
	largeBuffer    = 32 << 10
)

// errEnded ends a tunnel when either end is closed: a WebSocket has no use for one direction alone.
var errEnded = errors.New("an end of the tunnel was closed")

// tunnel is a connection to a peer that has become a WebSocket. io.Copy, and so httputil.ReverseProxy, moves bytes by its methods.
type tunnel struct {
	io.ReadWriteCloser
	timeout time.Duration
	closed  func()
}

// newTunnel makes a tunnel of the body of the answer to an upgrade.
func (h *Handler) newTunnel(body io.ReadCloser) io.ReadCloser {
	h.metrics.tunnels.Inc()
	return &tunnel{body.(io.ReadWriteCloser), h.WriteTimeout, sync.OnceFunc(h.metrics.tunnels.Dec)}
}

// Close may be called several times.
func (t *tunnel) Close() error {
	t.closed()
	return t.ReadWriteCloser.Close()
}

// WriteTo sends the client what the peer sends, until either is closed or the client has read nothing for too long.
func (t *tunnel) WriteTo(client io.Writer) (int64, error) {
	limited, _ := client.(interface{ SetWriteDeadline(time.Time) error })
	return relay(t.ReadWriteCloser, bufferToClient, func(p []byte) (int, error) {
		if limited != nil {
			_ = limited.SetWriteDeadline(time.Now().Add(t.timeout)) // fails for a closed connection only
		}
		return client.Write(p)
	})
}

// ReadFrom sends the peer what the client sends, until either is closed.
func (t *tunnel) ReadFrom(client io.Reader) (int64, error) {
	return relay(client, bufferToPeer, t.Write)
}

// relay always returns an error, which ends the other direction as well.
func relay(from io.Reader, size int, write func([]byte) (int, error)) (copied int64, err error) {
	small := make([]byte, size)
	buffer := small
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			written, err := write(buffer[:n])
			copied += int64(written)
			if err != nil {
				return copied, err
			}
		}
		if err != nil {
			return copied, errors.Join(errEnded, err)
		}
		switch isSmall := len(buffer) == size; {
		case isSmall && n == size:
			buffer = bodyBuffers{}.Get()
		case !isSmall && n <= size:
			bodyBuffers{}.Put(buffer)
			buffer = small
		}
	}
}
