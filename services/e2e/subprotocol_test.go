package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"atlasstream/services/gateway"
)

// A page of Chromium gives its token among the subprotocols of its WebSocket, and is answered one, without which the browser would close the WebSocket.
func TestWebSocketOfAPageHasAToken(t *testing.T) {
	t.Parallel()
	const token = "with/characters=that+no-subprotocol~has"
	tokens := filepath.Join(t.TempDir(), "tokens.json")
	if err := os.WriteFile(tokens, []byte(`[{"name":"page","token":"`+token+`","roles":["non-public"]}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	kafka := brokers["embedded"](t)
	openHouse(t, kafka)
	h := openGateway(t, kafka, gateway.Config{Tokens: tokens})
	address := "ws://" + h.public + "/stream/"
	page := startBrowser(t, address, "websocket", "atlas", "bearer."+url.QueryEscape(token))
	page.subscribeWith(t, `{"msm":1001}`)
	stranger := startProcess(t, "node", "clients/browser/client.cjs", address, "websocket", "atlas", "bearer.guessed")
	if event, _ := stranger.hear(t); event != "disconnect" {
		t.Errorf("with a wrong token: heard %s", event)
	}
}
