package endpoint

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// socket.io-client-swift up to 15.2 names no revision of Engine.IO, and uses revision 3. This is its request.
func TestHandshakeWithoutEIO(t *testing.T) {
	server := openTestServer(t, testSettings{})
	conn, err := net.Dial("tcp", server.httpServer.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /stream/socket.io/?transport=polling&b64=1 HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if length, open, _ := strings.Cut(string(body), ":"); err != nil || response.StatusCode != http.StatusOK || length == "" || !strings.HasPrefix(open, `0{"sid":"`) {
		t.Errorf("got %s, %q, %v", response.Status, body, err)
	}
	client, _ := server.dial(t, "/stream/socket.io/?transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	expect(t, client, `40`)
	send(t, client, `42["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001}]`)
}
