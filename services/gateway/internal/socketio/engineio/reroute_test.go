package engineio

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/wsframe"
)

// The poll of a client that is to come through another way is answered with nothing, and its session goes on. If none waits, that is the next one: the request
// to reroute may overtake it.
//
//notices:rerouted-poll-ends-session
func TestReroutedPollIsAnswered(t *testing.T) {
	for revision, noop := range map[Revision]string{Revision3: "1:6", Revision4: "6"} {
		simulate(t, Config{}, func(t *testing.T, server *testServer) {
			client := server.startPolling(t, revision, "")
			bye := wsframe.Text([]byte("4bye"))
			for range 2 {
				waiting := client.pollLater(t)
				synctest.Wait()
				if !server.Reroute(client.open.SessionID, bye) {
					t.Error("there is no session")
				}
				(<-waiting).expect(t, http.StatusOK, noop)
			}
			server.Reroute(client.open.SessionID, bye) // nothing waits
			client.poll(t).expect(t, http.StatusOK, noop)
			waiting := client.pollLater(t)
			synctest.Wait()
			client.post(t, body(revision, "4still here"))
			(<-waiting).expect(t, http.StatusOK, body(revision, "4still here"))
		})
	}
}

// A client with a WebSocket is told the last packets and disconnected. There may be no such session any more.
func TestReroutedWebSocketIsTold(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision4, "")
		socket := client.probe(t)
		send(t, socket, websocket.TextMessage, "5")
		synctest.Wait()
		if !server.Reroute(client.open.SessionID, wsframe.Text([]byte("4bye"))) {
			t.Error("there is no session")
		}
		expect(t, socket, "4bye")
		expectEnd(t, socket, websocket.CloseGoingAway, "shutting down")
		_ = socket.Close()
		server.expectEnded(t, "server shutting down")
		synctest.Wait()
		if server.Reroute(client.open.SessionID) {
			t.Error("the session is there for ever")
		}
	})
}
