package engineio

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/sendqueue"
)

// eager is a client that has read a response and sends its next request before the handler of the first has returned.
type eager struct {
	*httptest.ResponseRecorder
	next func()
}

func (e *eager) Flush() {
	e.ResponseRecorder.Flush()
	e.next()
}

// The next request may overtake the end of the last one, on another connection.
func TestNextRequestOvertakesResponse(t *testing.T) {
	server := serve(t, Config{})
	client := server.startPolling(t, Revision4, "")
	request := func(method, body string, next func()) {
		writer := &eager{httptest.NewRecorder(), next}
		server.ServeHTTP(writer, httptest.NewRequestWithContext(t.Context(), method, "/?"+client.query, strings.NewReader(body)))
		if writer.Code != http.StatusOK {
			t.Fatalf("%s: got %d %s", method, writer.Code, writer.Body)
		}
	}
	client.post(t, "4first")
	request(http.MethodGet, "", func() {
		client.post(t, "4second")
		client.expect(t, "4second")
	})
	request(http.MethodPost, "4third", func() { client.post(t, "4fourth") })
	client.expect(t, "4third\x1e4fourth")
	server.newest(t).Close(CloseReason{Name: "enough"}, sendqueue.Text([]byte("4last")))
	client.expect(t, "4last")
	request(http.MethodGet, "", func() { client.expectUnknown(t) })
}
