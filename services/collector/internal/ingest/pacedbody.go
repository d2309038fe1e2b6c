package ingest

import (
	"io"
	"net/http"
	"time"
)

// pacedBody reads a request's body with a deadline that each received byte extends: a client may pause for the read timeout, and must send at least MinRate in
// the long run. Only the time in Read counts.
type pacedBody struct {
	body       io.ReadCloser
	connection *http.ResponseController
	timeout    time.Duration
	rate       int64         // bytes a second
	left       time.Duration // how long the client may pause now
	begun      bool
}

func (l Limits) pace(w http.ResponseWriter, r *http.Request) *pacedBody {
	return &pacedBody{body: r.Body, connection: http.NewResponseController(w), timeout: l.ReadTimeout, rate: l.MinRate, left: l.ReadTimeout}
}

// Read returns os.ErrDeadlineExceeded if the client is too slow.
func (b *pacedBody) Read(into []byte) (int, error) {
	b.begun = true
	began := time.Now()
	_ = b.connection.SetReadDeadline(began.Add(b.left)) // fails only for connections of tests, which have no deadlines
	n, err := b.body.Read(into)
	b.left = paced(b.left, time.Since(began), n, b.rate, b.timeout)
	return n, err
}

// paced returns how long a client may pause after it took that long to send the bytes; at most the read timeout.
func paced(left, took time.Duration, bytes int, rate int64, most time.Duration) time.Duration {
	earned := time.Duration(float64(bytes) / float64(rate) * float64(time.Second))
	return min(max(0, left-took)+earned, most)
}

// Close closes the request's own body.
func (b *pacedBody) Close() error { return b.body.Close() }

// rest removes the deadline: once the body has ended, net/http reads on to notice that a client has gone, and would take a deadline for that.
func (b *pacedBody) rest() { _ = b.connection.SetReadDeadline(time.Time{}) }

// discard reads the rest of a refused body, for a client that reads its answer only after it has sent everything: if the connection closed before, the client
// would not get the answer. A client that waits for "100 Continue" has not begun to send.
func (b *pacedBody) discard(r *http.Request, most int64) {
	if r.ProtoMajor != 1 || !b.begun && r.Header.Get("Expect") != "" {
		return
	}
	_, _ = io.CopyN(io.Discard, b, most) // a client that is too slow, or sends still more, does not get the answer
}
