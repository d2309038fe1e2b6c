package engineio

import (
	"encoding/json"
	"net/http"
	"time"
)

// refusal is the answer to a request that is not served. Codes and messages are those of the reference server.
type refusal struct {
	status  int
	Code    int    `json:"code"`
	Message string `json:"message"`
	Detail  string `json:"detail,omitempty"` // what came and what is allowed; our own addition
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

// notAdmitted has a code of our own.
func notAdmitted(reason error) *refusal {
	return &refusal{http.StatusTooManyRequests, 6, reason.Error(), ""}
}

// retryAfter is when a client may come again that was refused for what may be otherwise soon, in seconds.
const retryAfter = "5"

func (f *refusal) write(w http.ResponseWriter, patience time.Duration) {
	body, err := json.Marshal(f)
	if err != nil {
		panic(err) // numbers and strings always have a JSON form
	}
	if f.status == http.StatusTooManyRequests || f.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	_ = answer(w, patience, f.status, "application/json", body) // whoever asked may be gone
}
