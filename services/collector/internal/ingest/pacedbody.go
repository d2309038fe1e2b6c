package ingest

import (
	"io"
	"net/http"
	"time"
)

// pacedBody reads a request's body with a deadline, which is further away the more has come: a client may be silent for the read timeout, and in the long
// run sends at least MinRate. Only the time in Read counts.
type pacedBody struct {
	body       io.ReadCloser
	connection *http.ResponseController
	timeout    time.Duration
	rate       int64         // bytes a second
	left       time.Duration // how long the client may be silent now
	begun      bool
}

func (l Limits) pace(w http.ResponseWriter, r *http.Request) *pacedBody {
	return &pacedBody{body: r.Body, connection: http.NewResponseController(w), timeout: l.ReadTimeout, rate: l.MinRate, left: l.ReadTimeout}
}

// Read gives os.ErrDeadlineExceeded for a client that is too slow.
func (b *pacedBody) Read(into []byte) (int, error) {
	b.begun = true
	began := time.Now()
	_ = b.connection.SetReadDeadline(began.Add(b.left)) // fails for the connection of a test, which has no deadlines
	n, err := b.body.Read(into)
	b.left = paced(b.left, time.Since(began), n, b.rate, b.timeout)
	return n, err
}

// paced gives how long a client may be silent, after it took a time to send some bytes.
func paced(left, took time.Duration, bytes int, rate int64, most time.Duration) time.Duration {
	earned := time.Duration(float64(bytes) / float64(rate) * float64(time.Second))
	return min(max(0, left-took)+earned, most)
}

// Close closes the request's own body.
func (b *pacedBody) Close() error { return b.body.Close() }

// rest lifts the deadline: once the body has ended, the server reads on to notice that a client has gone, and would take a late deadline for that.
func (b *pacedBody) rest() { _ = b.connection.SetReadDeadline(time.Time{}) }

// discard reads what is left of a body that is refused, for a client that only reads its answer when it has sent all: a connection that is closed while it
// sends takes the answer with it. A client that waits for a "100 Continue" sends nothing unless it is told to.
func (b *pacedBody) discard(r *http.Request, most int64) {
	if r.ProtoMajor != 1 || !b.begun && r.Header.Get("Expect") != "" {
		return
	}
	_, _ = io.CopyN(io.Discard, b, most) // whoever is too slow, or sends still more, loses the answer
}
