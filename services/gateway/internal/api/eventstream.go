package api

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	mediaEvents = "text/event-stream"
	// keepAliveInterval is how long a stream may be silent: proxies give up on silent ones.
	keepAliveInterval = 15 * time.Second
	// maxPiece is what a client must read within the time for a write.
	maxPiece = 16 << 10
)

// acceptsEvents tells whether a client reads Server-Sent Events.
func acceptsEvents(accept []string) bool {
	for entry := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, parameters, err := mime.ParseMediaType(entry)
		if err != nil || media != mediaEvents {
			continue
		}
		if weight, err := strconv.ParseFloat(parameters["q"], 64); err != nil || weight > 0 {
			return true
		}
	}
	return false
}

// eventStream is an answer of Server-Sent Events (HTML standard, section 9.2).
type eventStream struct {
	answer  *answering
	control *http.ResponseController
	timeout time.Duration // for a piece
	written time.Time
}

func beginEvents(answer *answering, timeout time.Duration) *eventStream {
	header := answer.Header()
	header.Set("Content-Type", mediaEvents)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	return &eventStream{answer: answer, control: http.NewResponseController(answer), timeout: timeout}
}

// event is one of data that is one line.
func event(name string, data []byte) []byte {
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, data)
}

// retry says after how many milliseconds a client comes again.
func retry(milliseconds int) []byte { return fmt.Appendf(nil, "retry: %d\n\n", milliseconds) }

// write writes piece by piece, so that a client that reads slowly has the time for a piece and not for all. Without a text, it writes a comment where the
// stream has been silent for long.
func (s *eventStream) write(text []byte) error {
	if len(text) == 0 {
		if time.Since(s.written) < keepAliveInterval {
			return nil
		}
		text = []byte(":\n\n")
	}
	for len(text) > 0 {
		if err := s.answer.allowTime(s.timeout); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		n, err := s.answer.Write(text[:min(len(text), maxPiece)])
		if err != nil {
			return err
		}
		text = text[n:]
	}
	s.written = time.Now()
	return s.control.Flush()
}
