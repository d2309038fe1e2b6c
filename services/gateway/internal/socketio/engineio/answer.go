package engineio

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// answerChunk is how much of an answer has to leave within a deadline, in bytes.
const answerChunk = 16 << 10

// answer writes a whole answer. The client may take patience for each part of it, however long the server's own limits are.
func answer(w http.ResponseWriter, patience time.Duration, status int, contentType string, body []byte) error {
	control := http.NewResponseController(w)
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	for len(body) > 0 {
		part := body[:min(len(body), answerChunk)]
		body = body[len(part):]
		_ = control.SetWriteDeadline(time.Now().Add(patience)) // fails for a writer without deadlines only
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
