package engineio

import (
	"encoding/json"
	"net/http"
)

// refusal is the answer to a request that opens no session and belongs to none. Codes and messages are those of the reference server.
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

func forbiddenOrigin() *refusal {
	return &refusal{http.StatusForbidden, 4, "Forbidden", "requests from this Origin are not served"}
}

func unsupportedRevision(detail string) *refusal {
	return &refusal{http.StatusBadRequest, 5, "Unsupported protocol version", detail}
}

func unavailable(detail string) *refusal {
	return &refusal{http.StatusServiceUnavailable, 3, "Service unavailable", detail}
}

func (f *refusal) write(w http.ResponseWriter) {
	body, err := json.Marshal(f)
	if err != nil {
		panic(err) // numbers and strings always have a JSON form
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(f.status)
	_, _ = w.Write(body) // whoever asked may be gone
}
