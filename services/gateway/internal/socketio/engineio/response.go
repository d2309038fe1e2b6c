package engineio

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"atlasstream/pkg/jitter"
)

// refusal is the response to a request that is not served. Codes and messages are those of the reference server.
type refusal struct {
	status  int
	Code    int    `json:"code"`
	Message string `json:"message"`
	Detail  string `json:"detail,omitempty"` // what was received and what is allowed; an addition of this server
}

func unknownTransport(detail string) *refusal {
	return &refusal{http.StatusBadRequest, 0, "Transport unknown", detail}
}

func unknownSession() *refusal {
	return &refusal{http.StatusBadRequest, 1, "Session ID unknown", ""}
}

func badHandshakeMethod(method string) *refusal {
	return &refusal{http.StatusBadRequest, 2, "Bad handshake method", "got " + method + ", want GET"}
}

func badRequest(detail string) *refusal {
	return &refusal{http.StatusBadRequest, 3, "Bad request", detail}
}

func unsupportedRevision(detail string) *refusal {
	return &refusal{http.StatusBadRequest, 5, "Unsupported protocol version", detail}
}

func tooLarge(detail string) *refusal {
	return &refusal{http.StatusRequestEntityTooLarge, 3, "Bad request", detail}
}

func unavailable(detail string) *refusal {
	return &refusal{http.StatusServiceUnavailable, 3, "Service unavailable", detail}
}

func tooMany() *refusal {
	return &refusal{http.StatusTooManyRequests, 6, "Too many requests", ErrTooMany.Error()}
}

// notAdmitted has a code that the reference server does not have.
func notAdmitted(reason error) *refusal {
	return &refusal{http.StatusTooManyRequests, 6, reason.Error(), ""}
}

// Unavailable answers, as a Server does, a request that there is no room for; it is temporary.
func Unavailable(w http.ResponseWriter, detail string, timeout time.Duration) {
	unavailable(detail).write(w, timeout)
}

// NotAdmitted answers, as a Server does, a request that its client may not make now.
func NotAdmitted(w http.ResponseWriter, reason error, timeout time.Duration) {
	notAdmitted(reason).write(w, timeout)
}

// RetryAfter is around when a client may retry after a temporary refusal.
const RetryAfter = 5 * time.Second

func (f *refusal) write(w http.ResponseWriter, timeout time.Duration) {
	body, err := json.Marshal(f)
	if err != nil {
		panic(err) // numbers and strings always have a JSON form
	}
	if f.status == http.StatusTooManyRequests || f.status == http.StatusServiceUnavailable {
		jitter.SetRetryAfter(w.Header(), RetryAfter)
	}
	if f.status == http.StatusServiceUnavailable {
		w.Header().Set("Connection", "close") // a new one may lead to another server
	}
	_ = writeResponse(w, timeout, f.status, "application/json", body) // the client may be gone
}

// responseChunk is how many bytes of a response must be written within a deadline.
const responseChunk = 16 << 10

// writeResponse writes a whole response. The client has timeout for each chunk of it, whatever the HTTP server's own timeouts are.
func writeResponse(w http.ResponseWriter, timeout time.Duration, status int, contentType string, body []byte) error {
	control := http.NewResponseController(w)
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	for len(body) > 0 {
		part := body[:min(len(body), responseChunk)]
		body = body[len(part):]
		_ = control.SetWriteDeadline(time.Now().Add(timeout)) // fails for a writer without deadlines only
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	if err := control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	_ = control.SetWriteDeadline(time.Time{}) // which the next request on the connection would inherit
	return nil
}
