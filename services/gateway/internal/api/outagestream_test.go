package api

import (
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a client that takes its time for each write.
type slow struct {
	takes    time.Duration
	deadline time.Time
}

func (*slow) Header() http.Header { return http.Header{} }
func (*slow) WriteHeader(int)     {}
func (*slow) Flush()              {}

func (s *slow) SetWriteDeadline(at time.Time) error {
	s.deadline = at
	return nil
}

func (s *slow) Write(text []byte) (int, error) {
	time.Sleep(min(s.takes, time.Until(s.deadline)))
	if !time.Now().Before(s.deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	return len(text), nil
}

// A client has the time for a write for each piece of a text, and not for ever for all of them, as the text is kept for it.
func TestAbuseATextIsNotKeptForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for takes, want := range map[time.Duration]time.Duration{
			time.Second: 100 * time.Second, 59 * time.Second: maxTextTime, time.Hour: time.Minute,
		} {
			began := time.Now()
			stream := newEventStream(&responseWriter{ResponseWriter: &slow{takes: takes}}, time.Minute, func() {})
			err := stream.writeAll(pieces{make([]byte, 60*maxPiece), make([]byte, 40*maxPiece)})
			if took := time.Since(began); took != want || (err == nil) != (takes == time.Second) {
				t.Errorf("%s for a write: %v after %s, want %s", takes, err, took, want)
			}
		}
	})
}
