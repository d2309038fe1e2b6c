package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"atlasstream/services/gateway/internal/endpoint"
)

const (
	// keepAliveInterval is how long a stream may be silent: proxies close silent ones.
	keepAliveInterval = 15 * time.Second
	// maxPiece is how many bytes a client must read within the write timeout.
	maxPiece = 16 << 10
	// maxTextTime is how long a client may take to read one text, which stays in memory until then.
	maxTextTime = 2 * time.Minute
)

// eventStream writes server-sent events (HTML standard, section 9.2).
type eventStream struct {
	answer  *responseWriter
	control *http.ResponseController
	timeout time.Duration // for a piece
	written time.Time
	end     context.CancelFunc // after which the client reconnects
}

func newEventStream(answer *responseWriter, timeout time.Duration, end context.CancelFunc) *eventStream {
	header := answer.Header()
	header.Set("Content-Type", endpoint.MediaEvents)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	return &eventStream{answer: answer, control: http.NewResponseController(answer), timeout: timeout, end: end}
}

// eventHeader begins an event. The data is one line, followed by an empty line.
func eventHeader(name string) []byte { return fmt.Appendf(nil, "event: %s\ndata: ", name) }

// retryField sets after how long a client reconnects, in milliseconds.
func retryField(after time.Duration) []byte {
	return fmt.Appendf(nil, "retry: %d\n\n", after.Milliseconds())
}

// writeAll writes a text and flushes it. Without a text, it writes a comment if the stream has been silent for long.
func (s *eventStream) writeAll(text pieces) error {
	if len(text) == 0 {
		if time.Since(s.written) < keepAliveInterval {
			return nil
		}
		text = pieces{[]byte(":\n\n")}
	}
	until := time.Now().Add(maxTextTime)
	for _, piece := range text {
		if err := s.write(piece, until); err != nil {
			return err
		}
	}
	s.written = time.Now()
	return s.control.Flush()
}

// write writes piece by piece: a slow client has the write timeout for each piece, and until a deadline for all.
func (s *eventStream) write(text []byte, until time.Time) error {
	for len(text) > 0 {
		if err := s.answer.extendDeadline(min(s.timeout, time.Until(until))); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		n, err := s.answer.Write(text[:min(len(text), maxPiece)])
		if err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}
