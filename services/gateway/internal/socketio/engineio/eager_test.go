package engineio

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/sendqueue"
)

// eager is a client that has read an answer, and comes back, before the handler that wrote it has returned.
type eager struct {
	*httptest.ResponseRecorder
	comeBack func()
}

func (e *eager) Flush() {
	e.ResponseRecorder.Flush()
	e.comeBack()
}

// The next request may overtake the end of the last one, on another connection.
func TestClientThatIsBackAtOnce(t *testing.T) {
	server := serve(t, Config{})
	client := server.startPolling(t, Revision4, "")
	request := func(method, body string, comeBack func()) {
		writer := &eager{httptest.NewRecorder(), comeBack}
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
	server.newest(t).Close(Ending{Reason: "enough"}, sendqueue.Text([]byte("4last")))
	client.expect(t, "4last")
	request(http.MethodGet, "", func() { client.expectUnknown(t) })
}
