package split

import (
	"errors"
	"io"
)

const (
	minFreeBytes = 4 << 10 // bytes free before a Read
	maxIdleReads = 100     // in a row without a byte or an error
)

// window is the part of a body that is in memory. Its buffer grows up to its size as the body needs it.
type window struct {
	body   io.Reader
	size   int
	grow   func(bytes int64) error // asked before the buffer grows; may be nil
	buffer []byte
	begin  int   // what is before it is consumed
	err    error // why there is no more to read: io.EOF at the end of the body
}

func (w *window) rest() []byte { return w.buffer[w.begin:] }

func (w *window) consume(n int) { w.begin += n }

// complete tells that the window reaches to the end of the body.
func (w *window) complete() bool { return errors.Is(w.err, io.EOF) }

// mayGrow tells that there may be more of the body in the window after it has slid.
func (w *window) mayGrow() bool { return w.err == nil && len(w.rest()) < w.size }

// slide moves the window to what is not consumed, and reads until it is full or the body ends. What was in the window is not overwritten, as
// callers hold values of it.
func (w *window) slide() {
	if w.begin > 0 {
		w.buffer = append(make([]byte, 0, cap(w.buffer)), w.rest()...)
		w.begin = 0
	}
	for idle := 0; w.err == nil && len(w.buffer) < w.size; idle++ {
		if n := w.read(); n > 0 {
			idle = 0
		} else if idle == maxIdleReads && w.err == nil {
			w.err = io.ErrNoProgress
		}
	}
}

func (w *window) read() int {
	if cap(w.buffer)-len(w.buffer) < minFreeBytes {
		if w.err = w.enlarge(max(minFreeBytes, min(cap(w.buffer), w.size-cap(w.buffer)))); w.err != nil {
			return 0
		}
	}
	n, err := w.body.Read(w.buffer[len(w.buffer):cap(w.buffer)])
	w.buffer = w.buffer[:len(w.buffer)+n]
	w.err = err
	return n
}

func (w *window) enlarge(bytes int) error {
	if w.grow != nil {
		if err := w.grow(int64(bytes)); err != nil {
			return err
		}
	}
	w.buffer = append(make([]byte, 0, cap(w.buffer)+bytes), w.buffer...)
	return nil
}
