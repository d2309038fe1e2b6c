package sendqueue

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

// A write takes at most this much of the queue, so that memory is freed gradually while a slow client reads.
const (
	maxBatchMessages = 64
	maxBatchBytes    = 256 << 10
)

var errWouldBlock = errors.New("the socket has no room")

// batch is one write: frames of several messages, and how much of them is written.
type batch struct {
	buffers net.Buffers
	size    int // bytes of all buffers
	written int
	unread  int // bytes that the kernel holds, if it has no room for more
	err     error
	tryFunc func(fd uintptr) bool // reused, as a method value would allocate for every write
}

var batches = sync.Pool{New: func() any {
	b := &batch{buffers: make(net.Buffers, 0, maxBatchMessages)}
	b.tryFunc = b.tryDescriptor
	return b
}}

func newBatch() *batch { return batches.Get().(*batch) }

func (b *batch) release() {
	clear(b.buffers)
	b.buffers = b.buffers[:0]
	batches.Put(b)
}

// fill adds messages from the head of the queue, without the written bytes of the first, and returns their number.
func (b *batch) fill(queue []*wsframe.Message, writtenOfFirst int) int {
	b.buffers, b.size, b.written = b.buffers[:0], 0, 0
	for _, message := range queue {
		if len(b.buffers) == maxBatchMessages || b.size >= maxBatchBytes {
			break
		}
		b.buffers = append(b.buffers, message.Frame()[writtenOfFirst:])
		b.size += message.Size() - writtenOfFirst
		writtenOfFirst = 0
	}
	return len(b.buffers)
}

// tryWrite writes as much as possible without blocking; it returns errWouldBlock if that is not everything.
func (b *batch) tryWrite(raw syscall.RawConn) error {
	if raw == nil {
		return errWouldBlock
	}
	b.err = nil
	if err := raw.Write(b.tryFunc); err != nil {
		return err
	}
	if b.err == nil && b.written < b.size {
		return errWouldBlock
	}
	return b.err
}

// tryDescriptor is called with a non-blocking descriptor; it returns true so that it is not called again when there is room.
func (b *batch) tryDescriptor(fd uintptr) bool {
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
		b.err = errWouldBlock
	case err != nil:
		b.err = err
	case n == 0:
		b.err = io.ErrUnexpectedEOF
	default:
		b.written = n
	}
	if b.unread = 0; b.written < b.size {
		b.unread, _ = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) // 0 where the system does not tell
	}
	return true
}

// writeWithin writes everything, blocking. A timeout after a part was written is no error, as the client does read; written is its size.
func (b *batch) writeWithin(conn net.Conn, timeout time.Duration) error {
	if err := conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	buffers := b.buffers
	n, err := buffers.WriteTo(conn)
	b.written = int(n)
	someRoom := n > 0 && errors.Is(err, os.ErrDeadlineExceeded)
	if err != nil && !someRoom {
		return err
	}
	return conn.SetWriteDeadline(time.Time{})
}
