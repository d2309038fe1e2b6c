// Package socketwrite writes several messages to a connection at once, without blocking if it has room.
package socketwrite

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"atlasstream/services/gateway/internal/wsframe"

	"golang.org/x/sys/unix"
)

// A write takes at most this much of a queue, so that memory is freed gradually while a slow client reads.
const (
	MaxMessages = 64
	MaxBytes    = 256 << 10
)

// ErrWouldBlock says that the socket has no room for all of a batch.
var ErrWouldBlock = errors.New("the socket has no room")

// Batch is one write: frames of several messages, and how much of them is written.
type Batch struct {
	Written int // bytes
	Unread  int // bytes that the kernel holds, if it has no room for more
	buffers net.Buffers
	size    int // bytes of all buffers
	err     error
	tryFunc func(fd uintptr) bool // reused, as a method value would allocate for every write
}

var batches = sync.Pool{New: func() any {
	b := &Batch{buffers: make(net.Buffers, 0, MaxMessages)}
	b.tryFunc = b.tryDescriptor
	return b
}}

// New gives an empty batch.
func New() *Batch { return batches.Get().(*Batch) }

// Release gives back the batch, which is not used any more.
func (b *Batch) Release() {
	clear(b.buffers)
	b.buffers, b.Written = b.buffers[:0], 0
	batches.Put(b)
}

// Fill adds messages from the head of the queue, without the written bytes of the first, and returns their number.
func (b *Batch) Fill(queue []*wsframe.Message, writtenOfFirst int) int {
	b.buffers, b.size, b.Written = b.buffers[:0], 0, 0
	for _, message := range queue {
		if len(b.buffers) == MaxMessages || b.size >= MaxBytes {
			break
		}
		b.buffers = append(b.buffers, message.Frame()[writtenOfFirst:])
		b.size += message.Size() - writtenOfFirst
		writtenOfFirst = 0
	}
	return len(b.buffers)
}

// Try writes as much as possible without blocking; it returns ErrWouldBlock if that is not everything.
func (b *Batch) Try(raw syscall.RawConn) error {
	if raw == nil {
		return ErrWouldBlock
	}
	b.err = nil
	if err := raw.Write(b.tryFunc); err != nil {
		return err
	}
	if b.err == nil && b.Written < b.size {
		return ErrWouldBlock
	}
	return b.err
}

// tryDescriptor is called with a non-blocking descriptor; it returns true so that it is not called again when there is room.
func (b *Batch) tryDescriptor(fd uintptr) bool {
	var n int
	var err error
	for {
		if len(b.buffers) == 1 {
			n, err = unix.Write(int(fd), b.buffers[0])
		} else {
			n, err = unix.Writev(int(fd), b.buffers)
		}
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	switch {
	case errors.Is(err, unix.EAGAIN):
		b.err = ErrWouldBlock
	case err != nil:
		b.err = err
	case n == 0:
		b.err = io.ErrUnexpectedEOF
	default:
		b.Written = n
	}
	if b.Unread = 0; b.Written < b.size {
		b.Unread, _ = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) // 0 where the system does not tell
	}
	return true
}

// WriteWithin writes everything, blocking. A timeout after a part was written is no error, as the client does read; Written is its size.
func (b *Batch) WriteWithin(conn net.Conn, timeout time.Duration) error {
	if err := conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	buffers := b.buffers
	n, err := buffers.WriteTo(conn)
	b.Written = int(n)
	someRoom := n > 0 && errors.Is(err, os.ErrDeadlineExceeded)
	if err != nil && !someRoom {
		return err
	}
	return conn.SetWriteDeadline(time.Time{})
}
